#pragma once

/// Leave for others: URLs and forms that let a browser read or write one object without our keys.
///
///     auto url = co_await storage.signed_url("report.pdf", 1h);
///     auto up  = co_await storage.signed_url("in/photo.jpg", 10min, {.method = http::method::put,
///                                                                    .content_type = "image/jpeg",
///                                                                    .content_length = size});
///     auto form = co_await storage.signed_form_for({.key_prefix = "in/", .max_size = 5'000'000}, 10min);

#include <infra/base/http_message.hpp>
#include <infra/storage/checksum.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::storage {

/// The longest that AWS Signature Version 4 allows; the shortest is a second.
inline constexpr std::chrono::seconds max_signed_for = std::chrono::days(7);

/// What is pinned must be sent exactly so by whoever uses the URL; anything else is refused by the store.
struct signed_url_options {
    http::method method = http::method::get; ///< get, put, head or delete_

    // --- Of a PUT ---
    std::string content_type{};                         ///< that whoever uploads must send
    std::optional<std::uint64_t> content_length{};      ///< exactly so many bytes
    std::optional<infra::storage::checksum> checksum{}; ///< the store then refuses other bytes
    bool if_absent = false;                             ///< `If-None-Match: *` is to be sent

    // --- Of a GET: what the answer says instead of what is kept with the object ---
    std::string response_content_type{};        ///< the type that the answer names
    std::string response_content_disposition{}; ///< `attachment; filename="…"`
    std::string response_cache_control{};       ///< what it says to caches
};

/// A URL and what must be sent with it.
struct signed_request {
    std::string url{};
    std::vector<std::pair<std::string, std::string>> headers{}; ///< beside Host
};

/// A POST of a browser's form (`multipart/form-data`), as S3 calls POST Object. R2 and B2 have none: errc::unsupported.
struct post_policy {
    std::string key{}; ///< exactly this key; or
    std::string
        key_prefix{}; ///< any that begins so; `${filename}` stands for the file's own name. May be empty: any key
    std::uint64_t min_size = 0;
    std::uint64_t max_size = 5ull << 30;

    std::string content_type{};        ///< exactly this type; or
    std::string content_type_prefix{}; ///< any that begins so: "image/"

    std::map<std::string, std::string>
        fields{}; ///< further ones, exactly so: "x-amz-meta-user", "success_action_status"
};

struct signed_form {
    std::string url{};                           ///< of the form's action
    std::map<std::string, std::string> fields{}; ///< hidden ones; the file comes last, under the name "file"
};

/// An upload by parts that a browser does: each part is PUT to its URL, and answers an ETag that complete wants.
struct signed_upload_options {
    std::uint64_t size = 0;      ///< of the whole, at least 1
    std::uint64_t part_size = 0; ///< as put_options::part_size
};

struct signed_upload {
    std::string
        token{}; ///< names the upload: for storage::resume_upload(), to complete or abort it. No secret of the store's in it
    std::uint64_t part_size = 0;
    std::vector<std::string> part_urls{}; ///< of part 1, 2 …, each for PUT
};

} // namespace infra::storage
