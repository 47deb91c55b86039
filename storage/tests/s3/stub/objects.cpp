// One object, and many.

#include "checks.hpp"
#include "digest.hpp"
#include "letters.hpp"
#include "service.hpp"
#include "xml.hpp"

#include <infra/base/http_date.hpp>

#include <pugixml.hpp>

#include <cctype>

namespace infra::storage::stub {
namespace {

void add_sums(fields& to, const stored& object) {
    for (const auto& [algorithm, sum] : object.checksums)
        to.emplace_back("x-amz-checksum-" + algorithm, sum);
    if (!object.checksums.empty() && !object.checksum_type.empty())
        to.emplace_back("x-amz-checksum-type", object.checksum_type);
}

// A signed query may say what the answer's headers are to be.
void override_headers(fields& headers, const message& m) {
    for (const auto& [name, value] : m.query) {
        if (!name.starts_with("response-"))
            continue;
        const auto field = name.substr(9);
        std::erase_if(headers, [&](const auto& h) { return h.first == field; });
        headers.emplace_back(field, value);
    }
}

} // namespace

answer service::put(const message& m) {
    check_checksums(m);
    check_write_conditions(m, m.key);
    stored object{.bytes = m.body,
                  .etag = etag_of(m.body),
                  .attributes = attributes_of(m),
                  .checksums = sums_of(m),
                  .checksum_type = "FULL_OBJECT",
                  .modified = now()};
    fields headers;
    if (options_.profile.etags)
        headers.emplace_back("etag", in_quotes(object.etag));
    add_sums(headers, object);
    keep(m.key, std::move(object));
    return text_answer(200, "", std::move(headers));
}

answer service::get(const message& m) {
    const auto& object = existing(m.key);
    check_read_conditions(m, object);
    const auto span = range_of(m.header("range"), object.bytes.size);
    answer a{.status = span.partial ? 206 : 200, .headers = object.attributes};
    if (options_.profile.etags)
        a.headers.emplace_back("etag", in_quotes(object.etag));
    a.headers.emplace_back("last-modified", format_http_date(object.modified));
    a.headers.emplace_back("accept-ranges", "bytes");
    if (!value_of(a.headers, "content-type"))
        a.headers.emplace_back("content-type", "binary/octet-stream");
    if (span.partial)
        a.headers.emplace_back("content-range", "bytes " + std::to_string(span.offset) + "-" +
                                                    std::to_string(span.offset + span.length - 1) + "/" +
                                                    std::to_string(object.bytes.size));
    if (upper(m.header("x-amz-checksum-mode").value_or("")) == "ENABLED" &&
        options_.profile.checksum_headers == header_use::honoured &&
        (!span.partial || options_.profile.sums_of_ranges || span.length == object.bytes.size))
        add_sums(a.headers, object);
    override_headers(a.headers, m);
    a.body = object.bytes;
    a.offset = span.offset;
    a.length = span.length;
    return a;
}

answer service::remove(const message& m) {
    if (const auto match = m.header("if-match"); match && objects_.contains(m.key))
        check_write_conditions(m, m.key);
    if (journal_)
        journal_->remove(m.key);
    objects_.erase(m.key);
    return text_answer(204, "");
}

answer service::remove_many(const message& m) {
    if (!options_.profile.remove_many)
        throw refusal(501, "NotImplemented", "DeleteObjects is not implemented");
    bool has_sum = m.header("content-md5").has_value();
    for (const auto algorithm : checksum_algorithms)
        has_sum |= m.checksum(algorithm).has_value();
    if (!has_sum)
        throw refusal(400, "InvalidRequest",
                      "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
    check_checksums(m);
    pugi::xml_document doc;
    const auto text = m.body.bytes.view();
    if (!doc.load_buffer(text.data(), text.size()) || !doc.child("Delete").child("Object"))
        throw refusal(400, "MalformedXML",
                      "The XML you provided was not well-formed or did not validate against our published schema");
    const auto root = doc.child("Delete");
    std::size_t count = 0;
    xml out("DeleteResult");
    for (const auto& each : root.children("Object")) {
        if (++count > options_.profile.max_remove)
            throw refusal(400, "MalformedXML", "More keys than can be removed at once");
        const std::string key = each.child_value("Key");
        if (const auto f = faults_.take("remove_one", key)) {
            out.open("Error")
                .element("Key", key)
                .element("Code", f->code)
                .element("Message", "as it was told")
                .close("Error");
            continue;
        }
        if (journal_)
            journal_->remove(key);
        objects_.erase(key);
        if (std::string_view(root.child_value("Quiet")) != "true")
            out.open("Deleted").element("Key", key).close("Deleted");
    }
    return std::move(out).answer();
}

const stored& service::source_of(const message& m) const {
    auto source = m.header("x-amz-copy-source").value_or("");
    if (source.starts_with('/'))
        source.erase(0, 1);
    const auto slash = source.find('/');
    const auto key = slash == std::string::npos ? std::nullopt : encoding::percent_decode(source.substr(slash + 1));
    if (!key || source.substr(0, slash) != options_.bucket)
        throw refusal(400, "InvalidArgument",
                      "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
    const auto& object = existing(*key);
    check_read_conditions(m, object, "x-amz-copy-source-");
    return object;
}

answer service::copy(const message& m) {
    auto object = source_of(m);
    const bool replaces = upper(m.header("x-amz-metadata-directive").value_or("")) == "REPLACE";
    const auto found = objects_.find(m.key);
    if (!replaces && found != objects_.end() && &found->second == &source_of(m))
        throw refusal(400, "InvalidRequest",
                      "This copy request is illegal because it is trying to copy an object to itself without changing "
                      "the object's "
                      "metadata, storage class, website redirect location or encryption attributes.");
    check_write_conditions(m, m.key);
    if (replaces)
        object.attributes = attributes_of(m);
    object.modified = now();
    object.etag = object.bytes.pattern ? object.etag : encoding::hex_encode(md5(object.bytes.bytes.view()));
    xml out("CopyObjectResult");
    out.element("ETag", in_quotes(object.etag)).element("LastModified", xml_time(object.modified));
    for (const auto& [algorithm, sum] : object.checksums)
        out.element(checksum_element(algorithm), sum);
    keep(m.key, std::move(object));
    return std::move(out).answer();
}

} // namespace infra::storage::stub
