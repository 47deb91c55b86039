#pragma once

/// What must hold for a call to be done (RFC 9110 section 13).

#include <infra/base/time.hpp>

#include <optional>
#include <string>

namespace infra::storage {

/// Of a put, a copy's target and a remove. A condition and what it guards are one step, also between processes.
struct write_conditions {
    bool if_absent = false; ///< only if there is no object under the key (`If-None-Match: *`)
    std::string if_match{}; ///< only if the object there has this ETag; not together with the other
};

/// Of a get and a head. What does not hold throws errc::precondition.
struct read_conditions {
    std::string if_match{};      ///< only if it still has this ETag
    std::string if_none_match{}; ///< only if it has another one by now; name() of the error is then "not_modified"
    std::optional<wall_time> if_modified_since{};
    std::optional<wall_time> if_unmodified_since{};
};

} // namespace infra::storage
