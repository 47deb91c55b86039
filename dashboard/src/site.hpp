#pragma once

// The pages themselves: the files that the build made, packed as they are.

#include "assets.hpp"

#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace infra::dashboard {

/// Threads: any.
class site {
public:
    /// `path` is where it is mounted; the page's addresses are relative to it.
    site(std::span<const asset> files, std::string_view path);

    /// Asked for again each time, and mostly answered 304.
    http::response index(const http::request& r) const;

    /// Kept by browsers for a year, since another content has another name. 404 for what is not there.
    http::response file(const http::request& r, std::string_view name) const;

private:
    const std::string& unpacked(const asset& a) const;

    std::span<const asset> files_;
    std::string index_;
    std::string index_tag_;
    mutable std::mutex mutex_;
    mutable std::map<std::string_view, std::string> unpacked_; // guarded by mutex_; entries stay
};

/// Whether `Accept-Encoding` says that gzip may be sent.
bool takes_gzip(std::string_view accepted) noexcept;

/// Whether `If-None-Match` has the tag, or `*`.
bool has_tag(std::string_view if_none_match, std::string_view tag) noexcept;

} // namespace infra::dashboard
