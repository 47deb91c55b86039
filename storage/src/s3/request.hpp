#pragma once

/// What is asked of an S3, call by call: method, key, query, header fields, body. Pure.

#include "../sigv4/sigv4.hpp"

#include <infra/base/http_message.hpp>
#include <infra/base/shared_bytes.hpp>
#include <infra/storage/bucket.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::storage::s3 {

using sigv4::fields;

/// Before it has an address and a signature. All header fields are signed.
struct request {
    http::method method = http::method::get;
    std::string key{}; ///< empty: the bucket itself
    fields query{};
    fields headers{};
    shared_bytes body{};
};

/// The metadata in which the checksum of an object is kept where the store keeps none, `infra-crc32c`; and that which tells how long
/// the parts are of an object whose checksum is made of theirs. Hidden from object_info::metadata.
std::string kept_sum(checksum_kind kind);
inline constexpr std::string_view kept_part_size = "infra-part-size";

/// The name of a checksum in XML: ChecksumCRC32C.
std::string_view element_of(checksum_kind kind) noexcept;

/// How a body's integrity is told to the store.
struct integrity {
    std::optional<checksum> header{};   ///< as x-amz-checksum-…
    std::optional<checksum> metadata{}; ///< as x-amz-meta-infra-crc32c, of its kind
    std::string md5{};                  ///< Base64, as Content-MD5; empty: not
};

request put_object(const put_request& what, shared_bytes body, const integrity& told);
request get_object(const get_request& what);
request head_object(const std::string& key, const read_conditions& read);
request delete_object(const std::string& key, const std::string& if_match);
request delete_objects(const std::vector<std::string>& keys); ///< without its Content-MD5
request copy_object(const copy_request& what, const std::string& bucket);

enum class list_version { v1, v2 };
request list_objects(const list_options& what, list_version version);

/// `announced`: parts will say their checksums of this kind, and the whole will have one, or one that is made of theirs; for that
/// the length of the parts is kept, if what.part_size says it.
request create_upload(const put_request& what, std::optional<checksum_kind> announced, const integrity& told);
request upload_part(const upload_id& upload, int number, shared_bytes bytes, const integrity& told);
request upload_part_copy(const upload_id& upload, int number, const part_source& from, const std::string& bucket);
request list_parts(const upload_id& upload, const std::string& marker);

/// `with_part_sums`: the upload was begun with them announced. `told.header` is the whole's.
request complete_upload(const upload_id& upload, const std::vector<part>& parts, const write_conditions& write,
                        bool with_part_sums, const integrity& told);
request abort_upload(const upload_id& upload);
request list_uploads(const std::string& prefix, const std::string& token);

/// Of two markers, and back; empty for none.
std::string uploads_token(const std::string& key_marker, const std::string& id_marker);

} // namespace infra::storage::s3
