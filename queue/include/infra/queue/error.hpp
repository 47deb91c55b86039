#pragma once

/// What the queue reports beyond `infra::errc`.
///
///     catch (const infra::error& e) {
///         if (e.code() == queue::errc::unavailable) answer_503();     // nothing was stored; try again later
///     }

#include <infra/base/error.hpp>

namespace infra::queue {

enum class errc {
    unavailable = 1, ///< the storage takes nothing now: full, locked, read-only, unreachable; it may later
    corrupt,         ///< the storage is damaged or holds something else; it was left as it is
    incompatible,    ///< the storage was written by a newer version of this library
    too_large,       ///< a payload above queue_options::max_payload_bytes
    invalid_payload, ///< data that does not fit the job's type; the sentence names the field
    full,            ///< the queue holds as many jobs as its max_length lets it; nothing was stored
    job_failed,      ///< what was waited for failed or was forgotten; the sentence says why
    lease_lost,      ///< the job is another worker's by now, or over
    ambiguous,       ///< several queues have a job with this id; the sentence names them
};

const boost::system::error_category& queue_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), queue_category()}; }

} // namespace infra::queue

template <>
struct boost::system::is_error_code_enum<infra::queue::errc> : std::true_type {};
