#pragma once

/// How verify() follows a signed URL. The module knows no HTTP client; what is linked beside it and has one registers it.
///
///     const bool registered = register_fetcher(fetch_over_http);      // in storage_s3

#include <infra/base/awaitable.hpp>
#include <infra/base/http_message.hpp>
#include <infra/base/time.hpp>
#include <infra/storage/bucket.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace infra::storage {

struct fetch_request {
    http::method method = http::method::get;
    std::string url{};
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
};

struct fetch_answer {
    int status = 0;
    http::headers headers{};
    std::string body{}; ///< of 1 MiB at most
};

/// Throws infra::error where no answer comes, with infra::errc::unavailable where nobody listens; its sentence has no signature in it.
using fetcher = std::function<awaitable<fetch_answer>(fetch_request what, deadline limit)>;

/// Always true, so that a global can be initialised with it. The last one counts.
bool register_fetcher(fetcher one);

/// A bucket whose URLs are followed as it asks itself: by the certificates that it trusts, through its proxy.
class follows_urls {
public:
    virtual fetcher follower() const = 0;

protected:
    ~follows_urls() = default;
};

/// How this bucket's URLs are followed: as it says, or by what is registered; empty: not at all.
fetcher fetcher_for(const bucket& of);

} // namespace infra::storage
