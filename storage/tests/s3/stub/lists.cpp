// Pages of objects, parts and uploads.

#include "checks.hpp"
#include "service.hpp"
#include "xml.hpp"

#include <algorithm>
#include <charconv>

namespace infra::storage::stub {
namespace {

std::size_t count_of(const message& m, std::string_view name) {
    const auto text = m.argument(name);
    if (text.empty())
        return 1000;
    std::size_t n = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), n).ptr != text.data() + text.size())
        throw refusal(400, "InvalidArgument",
                      "Provided " + std::string(name) + " not an integer or within integer range");
    return std::min<std::size_t>(n, 1000);
}

struct page {
    std::vector<const std::pair<const std::string, stored>*> objects;
    std::vector<std::string> prefixes;
    std::string last; // of what is on it, key or prefix
    bool more = false;
};

page page_of(const std::map<std::string, stored>& all, const std::string& prefix, const std::string& delimiter,
             const std::string& after, std::size_t limit) {
    page out;
    for (auto at = all.lower_bound(std::max(prefix, after)); at != all.end() && at->first.starts_with(prefix);) {
        const auto cut = delimiter.empty() ? std::string::npos : at->first.find(delimiter, prefix.size());
        const auto common = cut == std::string::npos ? "" : at->first.substr(0, cut + delimiter.size());
        const auto& name = common.empty() ? at->first : common;
        if (name <= after) {
            ++at;
            continue;
        }
        if (out.objects.size() + out.prefixes.size() == limit) {
            out.more = limit > 0;
            break;
        }
        out.last = name;
        if (common.empty())
            out.objects.push_back(&*at++);
        else
            for (out.prefixes.push_back(common); at != all.end() && at->first.starts_with(common);)
                ++at;
    }
    return out;
}

} // namespace

answer service::list(const message& m) {
    const bool v2 = m.argument("list-type") == "2" && options_.profile.list_v2;
    const bool encodes = m.argument("encoding-type") == "url";
    const auto shown = [&](const std::string& key) { return encodes ? url_encoded(key) : key; };
    const auto prefix = m.argument("prefix"), delimiter = m.argument("delimiter"),
               token = m.argument("continuation-token");
    const auto limit = count_of(m, "max-keys");
    auto after = m.argument(v2 ? "start-after" : "marker");
    if (v2 && !token.empty()) {
        const auto decoded = encoding::base64url_decode(token);
        if (!decoded)
            throw refusal(400, "InvalidArgument", "The continuation token provided is incorrect");
        after = *decoded;
    }
    const auto found = page_of(objects_, prefix, delimiter, after, limit);
    xml out("ListBucketResult");
    out.element("Name", m.bucket).element("Prefix", shown(prefix)).element("MaxKeys", std::to_string(limit));
    if (!delimiter.empty())
        out.element("Delimiter", shown(delimiter));
    if (encodes)
        out.element("EncodingType", "url");
    out.element("IsTruncated", found.more ? "true" : "false");
    if (v2)
        out.element("KeyCount", std::to_string(found.objects.size() + found.prefixes.size()));
    else
        out.element("Marker", shown(after));
    if (found.more && v2)
        out.element("NextContinuationToken", encoding::base64url_encode(found.last));
    if (found.more && !v2 && !delimiter.empty())
        out.element("NextMarker", shown(found.last));
    for (const auto* object : found.objects)
        out.open("Contents")
            .element("Key", shown(object->first))
            .element("LastModified", xml_time(object->second.modified))
            .element("ETag", in_quotes(object->second.etag))
            .element("Size", std::to_string(object->second.bytes.size))
            .element("StorageClass", "STANDARD")
            .close("Contents");
    for (const auto& each : found.prefixes)
        out.open("CommonPrefixes").element("Prefix", shown(each)).close("CommonPrefixes");
    return std::move(out).answer();
}

answer service::list_parts(const message& m) {
    const auto& upload = upload_of(m);
    const auto limit = count_of(m, "max-parts");
    const auto after = m.asks("part-number-marker") ? count_of(m, "part-number-marker") : 0;
    xml out("ListPartsResult");
    out.element("Bucket", m.bucket).element("Key", m.key).element("UploadId", m.argument("uploadId"));
    std::size_t count = 0;
    int last = 0;
    auto at = upload.parts.upper_bound(static_cast<int>(after));
    for (; at != upload.parts.end() && count < limit; ++at, ++count) {
        last = at->first;
        out.open("Part")
            .element("PartNumber", std::to_string(last))
            .element("LastModified", xml_time(at->second.modified))
            .element("ETag", in_quotes(at->second.etag))
            .element("Size", std::to_string(at->second.bytes.size));
        for (const auto& [algorithm, sum] : at->second.checksums)
            out.element(checksum_element(algorithm), sum);
        out.close("Part");
    }
    out.element("IsTruncated", at == upload.parts.end() ? "false" : "true");
    if (at != upload.parts.end())
        out.element("NextPartNumberMarker", std::to_string(last));
    return std::move(out).answer();
}

answer service::list_uploads(const message& m) {
    const bool encodes = m.argument("encoding-type") == "url";
    const auto shown = [&](const std::string& key) { return encodes ? url_encoded(key) : key; };
    std::vector<std::pair<std::string, std::string>> all; // key and id
    for (const auto& [id, upload] : uploads_)
        if (upload.key.starts_with(m.argument("prefix")))
            all.emplace_back(upload.key, id);
    std::ranges::sort(all);
    const std::pair after(m.argument("key-marker"), m.argument("upload-id-marker"));
    const auto limit = count_of(m, "max-uploads");
    xml out("ListMultipartUploadsResult");
    out.element("Bucket", m.bucket).element("Prefix", shown(m.argument("prefix")));
    if (encodes)
        out.element("EncodingType", "url");
    auto at = std::ranges::upper_bound(all, after);
    std::size_t count = 0;
    for (; at != all.end() && count < limit; ++at, ++count)
        out.open("Upload")
            .element("Key", shown(at->first))
            .element("UploadId", at->second)
            .element("StorageClass", "STANDARD")
            .element("Initiated", xml_time(uploads_.at(at->second).begun))
            .close("Upload");
    out.element("IsTruncated", at == all.end() ? "false" : "true");
    if (at != all.end() && count > 0)
        out.element("NextKeyMarker", shown(std::prev(at)->first)).element("NextUploadIdMarker", std::prev(at)->second);
    return std::move(out).answer();
}

} // namespace infra::storage::stub
