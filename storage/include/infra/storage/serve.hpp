#pragma once

/// The signed URLs of `file:` and `memory:` stores, served. Link infra::storage_http.
///
///     storage::add_signed_urls(routes, files, "/storage");

#include <infra/http_server/router.hpp>
#include <infra/storage/storage.hpp>

#include <cstdint>
#include <string_view>

namespace infra::storage {

struct serve_options {
    std::uint64_t max_upload = 5ull << 30; ///< of one PUT or form, where its URL pins no less
    std::uint64_t max_part =
        64ull << 20; ///< of an upload by parts, each of which is held in memory until it has arrived
};

/// GET, HEAD, PUT, DELETE and POST below `prefix`, for whoever has a URL or a form that the store signed and that is still good:
/// ranges, conditions, pinned types and lengths and answers' headers mean what they mean to S3, and errors look like its own.
/// Without a good signature it is 403, any other method 405. What browsers may run is not served as it: `nosniff` always, an
/// attachment for HTML, SVG and scripts unless the URL says otherwise, and a `Content-Security-Policy: sandbox` for all but PDFs,
/// which no browser shows in one.
///
/// Throws std::invalid_argument for a store that does not sign for itself.
void add_signed_urls(http::router& routes, storage files, std::string_view prefix = "/storage",
                     serve_options options = {});

} // namespace infra::storage
