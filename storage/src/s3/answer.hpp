#pragma once

/// What an S3 answers when it has done what was asked. Pure.

#include "request.hpp"

#include <infra/base/http_message.hpp>
#include <infra/storage/bucket.hpp>

#include <optional>
#include <string>
#include <vector>

namespace infra::storage::s3 {

struct answer {
    int status = 0;
    http::headers headers{};
    std::string body{};

    bool succeeded() const noexcept { return status >= 200 && status < 300; }
};

/// An object as the header fields of a GET or HEAD describe it. Checksums that come with a part are left out; what by_md5 keeps in the
/// metadata stands in for them, and for composite ones. Throws storage_error with infra::errc::unavailable where the length is untold.
object_info info_of(std::string key, const answer& a);

/// Of a put, from what was said and what came back.
object_info info_of(const put_request& what, std::uint64_t size, const answer& a);

/// The checksum that the store says it keeps; empty where it took no notice.
std::optional<checksum> sum_in(const http::headers& fields);

/// Which bytes a GET gives. Throws storage_error where they are not those that were asked for.
struct span_of_bytes {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
span_of_bytes bytes_of(const get_request& what, const answer& a);

// --- Bodies. Each throws storage_error with infra::errc::unavailable for what is not S3's XML. ------------------------

/// Of either version.
list_page page_of(const std::string& body);

/// Whether it is in the words of version 1 alone, as of a store that takes no notice of `list-type`.
bool is_answer_of_v1(const std::string& body);

std::string upload_id_in(const std::string& body);
uploads_page uploads_of(const std::string& body);

struct parts_page {
    std::vector<part> parts{};
    std::string marker{}; ///< for the next page; empty: this was the last
    bool keeps_sums = false;
    bool sums_whole = false; ///< and of the whole one of kind FULL_OBJECT
};
parts_page parts_of(const std::string& body);

/// CopyObjectResult, CopyPartResult, CompleteMultipartUploadResult.
struct made {
    std::string etag{};
    wall_time modified{}; ///< zero where it does not say
    std::optional<checksum> sum{};
    std::optional<composite_checksum> composite{};
};
made made_of(const std::string& body);

struct not_removed {
    std::string key{};
    std::string code{};
    std::string message{};
};
std::vector<not_removed> not_removed_of(const std::string& body);

} // namespace infra::storage::s3
