#pragma once

/// What a log must not hold: named keys, paths into nested values, and values whose type says so.
///
///     logging::configure({.redact = {.paths = {"user.card.number", "headers.*.value"}}});
///     logging::secret<std::string> key = read_key();
///     log::info("connected", {{"key", key}});           // "key":"[redacted]"
///     connect(host, key.reveal());
///
/// The value is replaced before the record leaves the calling thread, so no buffer, file or crash dump of the log holds
/// it. Messages are not searched: what is formatted into a message is in the log.

#include <infra/base/field.hpp>

#include <string>
#include <utility>
#include <vector>

namespace infra::logging {

inline constexpr std::string_view redacted_text = "[redacted]";

struct redaction {
    /// Keys, in any case of ASCII letters, whose values are replaced: of fields, and inside nested values at any depth.
    std::vector<std::string> keys{"password",      "passwd",        "secret",     "token",         "access_token",
                                  "refresh_token", "api_key",       "apikey",     "authorization", "cookie",
                                  "set-cookie",    "client_secret", "private_key"};

    /// Keys with dots between, from the field down; exact, but for `*`, which is any one key or place in a list.
    std::vector<std::string> paths{};
};

/// A value that is never printed: as a field it is written as `[redacted]`, and so it is as a member of a described struct
/// that is a field, at any depth. Such a struct cannot be a job's payload, a cached value or any other JSON that is stored
/// or sent: there it would be lost or in clear, and the compiler says so.
///
/// Threads:  as T.
/// Errors:   as T; only reveal() gives the value.
template <class T>
class secret {
public:
    secret() = default;
    explicit secret(T value) : value_(std::move(value)) {}

    const T& reveal() const& noexcept { return value_; }
    T&& reveal() && noexcept { return std::move(value_); }

    operator field_value() const noexcept { return redacted_text; }

    friend bool operator==(const secret&, const secret&) = default;

private:
    T value_{};
};

} // namespace infra::logging
