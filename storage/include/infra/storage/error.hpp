#pragma once

/// What goes wrong with stored objects beyond `infra::errc`.
///
///     catch (const storage::storage_error& e) {
///         if (e.code() == storage::errc::not_found) show_the_placeholder();
///         else if (e.code() == storage::errc::precondition) somebody_was_faster();
///         else throw;                                   // e.what() says what to check
///     }

#include <infra/base/error.hpp>

#include <chrono>
#include <string>

namespace infra::storage {

/// Of infra::errc the module uses timed_out, overloaded (a bound of ours), unavailable (no connection, or the store is out of
/// order), io (the disk of a `file:` store, or of a download), misconfigured, closed, and invalid_input (a key, a range, a
/// condition that cannot be one).
enum class errc {
    not_found = 1, ///< no object under this key
    no_bucket,     ///< the store has no such bucket
    precondition,  ///< if_match or if_none_match did not hold; for a get, not_modified
    denied,      ///< the credentials are not good for this: wrong key, wrong secret, expired, not allowed. name() tells
    throttled,   ///< the store asks for patience (503 SlowDown, 429), and attempts have run out
    integrity,   ///< what arrived is not what was sent; nothing of it was kept
    too_large,   ///< more than the store, or a limit of the call, takes
    full,        ///< the disk, or the quota, is full
    bad_range,   ///< the range begins behind the object's end
    no_upload,   ///< the multipart upload is over: completed, aborted or swept
    unsupported, ///< this store cannot do this; the sentence says what to do instead
    refused,     ///< the store does not take the request; name() is its word for why
};

const boost::system::error_category& storage_category() noexcept;

inline boost::system::error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), storage_category()}; }

/// Why something was not done. The sentence names the key, never a secret, a signature or a signed URL.
class storage_error : public error {
public:
    struct details {
        std::string name{}; ///< the store's word for it: "SignatureDoesNotMatch"; of our own failures the enumerator's
        int status = 0;     ///< of the HTTP answer; 0 when there was none
        std::string request_id{}; ///< for the store's support
        bool retryable = false;   ///< whether the same request may succeed later
        bool uncertain = false;   ///< whether it may have been done all the same: the answer was lost, not the request
        bool fresh_connection = false;            ///< it should be tried on a new connection
        std::chrono::milliseconds retry_after{0}; ///< not before; zero: the store did not say
    };

    /// A failure of our own: retryable after timed_out, unavailable, overloaded and throttled.
    storage_error(boost::system::error_code code, std::string sentence);

    /// A store's.
    storage_error(boost::system::error_code code, std::string sentence, details of);

    const std::string& name() const noexcept { return details_.name; }
    int status() const noexcept { return details_.status; }
    const std::string& request_id() const noexcept { return details_.request_id; }
    bool retryable() const noexcept { return details_.retryable; }
    bool uncertain() const noexcept { return details_.uncertain; }
    bool fresh_connection() const noexcept { return details_.fresh_connection; }
    std::chrono::milliseconds retry_after() const noexcept { return details_.retry_after; }
    const details& all() const noexcept { return details_; }

private:
    details details_;
};

} // namespace infra::storage

template <>
struct boost::system::is_error_code_enum<infra::storage::errc> : std::true_type {};
