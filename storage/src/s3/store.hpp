#pragma once

/// One S3 as the calls of a bucket share it: where it is, who asks, what it turned out to be like, and the way there.

#include "address.hpp"
#include "failure.hpp"
#include "learned.hpp"
#include "request.hpp"

#include "../credentials_cache.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>
#include <infra/http_client.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/storage/s3.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::s3 {

/// The HTTP client, made with the first request on the loop that was given, or on one of its own.
class line {
public:
    const http::client& client(const s3_options& o);

private:
    std::once_flag made_;
    std::optional<event_loop> own_;
    std::optional<http::client> http_; // ends before its loop
};

/// How a call is made, beside its request.
struct call {
    asked by{};
    bool tells_sums = false; ///< what is refused for that reason comes back as an answer, with `refused` set
    bool conditional = false;
    bool lists = false;
    bool removes_many = false;
    bool fails_late = false; ///< an answer of success may have an <Error> in it
    bool streams = false;    ///< the body of an answer of success is left to be read
};

/// An answer of success; or one that tells that the request must be made in another way, which `learned` knows by now.
struct outcome {
    answer got{};
    bool refused = false;
    std::optional<http::client_stream> rest{};
};

/// Threads:  any member from any.
/// Lifetime: held by a shared_ptr by every call that is under way.
class store {
public:
    explicit store(s3_options o);

    const s3_options& options() const noexcept { return options_; }
    s3::learned& learned() noexcept { return learned_; }

    /// Where the bucket's region is.
    address where() const;
    const address& in_public() const noexcept { return public_; }

    wall_time now() const { return saturating_add(options_.time->wall(), learned_.offset()); }

    asked asked_for(std::string_view verb, const std::string& key, bool changes) const;

    /// Those to sign with. What the function that gives them throws becomes a storage_error.
    awaitable<credentials> keys(asked by, deadline limit);

    /// A store called these expired; whether asking again may help.
    bool expired(const credentials& used) { return options_.ask_for_keys && keys_.expired(used); }

    const http::client& client() { return line_.client(options_); }

    /// Whether the next request is to have a connection of its own: after a failure that asks for it, and then once.
    bool take_fresh_connection() noexcept { return fresh_.exchange(false); }
    storage_error noted(storage_error failure);

    /// An answer has come, of whatever kind.
    void heard() noexcept { heard_ = true; }

private:
    const s3_options options_;
    const address address_;
    const address public_;
    s3::learned learned_;
    credentials_cache keys_;
    std::atomic<bool> fresh_{false};
    std::atomic<bool> heard_{false};
    line line_; // ends first
};

/// What a signature says of a body; empty: its hash. TLS keeps a body from being changed on the way, and a checksum of ours goes along; in
/// the clear the signature covers it.
std::string_view payload_without_hash(const endpoint& to, std::size_t body) noexcept;

/// Asks, and once more after a lesson about region, clock or keys. Throws storage_error for every other failure.
awaitable<outcome> ask(std::shared_ptr<store> at, request what, call how, deadline limit);

} // namespace infra::storage::s3
