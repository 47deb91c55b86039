// Objects by parts.

#include "checks.hpp"
#include "digest.hpp"
#include "letters.hpp"
#include "pattern.hpp"
#include "service.hpp"
#include "xml.hpp"

#include <pugixml.hpp>

#include <charconv>

namespace infra::storage::stub {
namespace {

int part_number(const message& m) {
    const auto text = m.argument("partNumber");
    int n = 0;
    std::from_chars(text.data(), text.data() + text.size(), n);
    if (n < 1 || n > 10'000)
        throw refusal(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
    return n;
}

// Which parts are wanted, with their ETags and checksums.
struct wanted_part {
    int number = 0;
    std::string etag;
    sums checksums;
};

std::vector<wanted_part> wanted_parts(std::string_view text) {
    pugi::xml_document doc;
    if (!doc.load_buffer(text.data(), text.size()) || !doc.child("CompleteMultipartUpload").child("Part"))
        throw refusal(400, "MalformedXML",
                      "The XML you provided was not well-formed or did not validate against our published schema");
    std::vector<wanted_part> all;
    for (const auto& each : doc.child("CompleteMultipartUpload").children("Part")) {
        wanted_part p{each.child("PartNumber").text().as_int(), unquoted(each.child_value("ETag")), {}};
        for (const auto algorithm : checksum_algorithms)
            if (const auto sum = each.child(checksum_element(algorithm).c_str()))
                p.checksums.emplace(algorithm, sum.child_value());
        if (!all.empty() && p.number <= all.back().number)
            throw refusal(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
        all.push_back(std::move(p));
    }
    return all;
}

const stored_part& found_part(const open_upload& upload, const wanted_part& wanted) {
    const auto found = upload.parts.find(wanted.number);
    const auto invalid = refusal(400, "InvalidPart", "One or more of the specified parts could not be found.",
                                 {{"PartNumber", std::to_string(wanted.number)}});
    if (found == upload.parts.end() || found->second.etag != wanted.etag)
        throw invalid;
    for (const auto& [algorithm, sum] : wanted.checksums)
        if (const auto kept = found->second.checksums.find(algorithm);
            kept != found->second.checksums.end() && kept->second != sum)
            throw invalid;
    return found->second;
}

content joined(const std::vector<const stored_part*>& parts) {
    content whole{.pattern = !parts.empty() && parts[0]->bytes.pattern};
    for (const auto* p : parts)
        whole.size += p->bytes.size;
    if (whole.pattern)
        return whole;
    std::string bytes;
    bytes.reserve(whole.size);
    for (const auto* p : parts)
        bytes += p->bytes.bytes.view();
    whole.bytes = shared_bytes(std::move(bytes));
    return whole;
}

std::string raw_of(const std::string& base64) { return encoding::base64_decode(base64).value_or(""); }

// Of parts that were not kept, by combining what was said of them.
std::string combined(const std::vector<const stored_part*>& parts) {
    running_checksum whole;
    for (const auto* p : parts) {
        const auto sum = p->checksums.find("crc32c");
        const auto value =
            sum == p->checksums.end() ? std::nullopt : checksum::from_base64(checksum_kind::crc32c, sum->second);
        if (!value)
            return {};
        whole.update(*value, p->bytes.size);
    }
    return whole.value().base64();
}

std::string whole_sum(const std::string& algorithm, const content& bytes,
                      const std::vector<const stored_part*>& parts) {
    if (!bytes.pattern)
        return digest(algorithm, bytes.bytes.view()).value_or("");
    return algorithm == "crc32c" ? combined(parts) : "";
}

} // namespace

open_upload& service::upload_of(const message& m) {
    const auto found = uploads_.find(m.argument("uploadId"));
    if (found == uploads_.end() || found->second.key != m.key)
        throw refusal(404, "NoSuchUpload",
                      "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "
                      "aborted or completed.",
                      {{"UploadId", m.argument("uploadId")}});
    return found->second;
}

answer service::begin(const message& m) {
    const auto algorithm = lower(m.header("x-amz-checksum-algorithm").value_or(""));
    if (!algorithm.empty() && options_.profile.checksum_headers == header_use::refused)
        throw refusal(501, "NotImplemented",
                      "Header 'x-amz-checksum-algorithm' with value '" + algorithm + "' not implemented");
    if (algorithm == "sha256" && upper(m.header("x-amz-checksum-type").value_or("")) == "FULL_OBJECT")
        throw refusal(400, "InvalidRequest",
                      "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.");
    open_upload upload{.key = m.key, .begun = now(), .attributes = attributes_of(m)};
    if (options_.profile.checksum_headers == header_use::honoured) {
        upload.algorithm = algorithm;
        const auto usual = algorithm.empty() || algorithm == "crc64nvme" ? "FULL_OBJECT" : "COMPOSITE";
        upload.checksum_type =
            options_.profile.whole_sums ? m.header("x-amz-checksum-type").value_or(usual) : "COMPOSITE";
    }
    fields headers;
    if (!upload.algorithm.empty())
        headers = {{"x-amz-checksum-algorithm", m.header("x-amz-checksum-algorithm").value_or("")},
                   {"x-amz-checksum-type", upload.checksum_type}};
    const auto id = next_id();
    if (journal_)
        journal_->put(id, upload);
    uploads_.emplace(id, std::move(upload));
    xml out("InitiateMultipartUploadResult");
    out.element("Bucket", m.bucket).element("Key", m.key).element("UploadId", id);
    return std::move(out).answer(200, std::move(headers));
}

answer service::part(const message& m) {
    auto& upload = upload_of(m);
    const auto number = part_number(m);
    check_checksums(m);
    stored_part part{m.body, etag_of(m.body), sums_of(m), now()};
    fields headers{{"etag", in_quotes(part.etag)}};
    for (const auto& [algorithm, sum] : part.checksums)
        headers.emplace_back("x-amz-checksum-" + algorithm, sum);
    if (journal_)
        journal_->put(m.argument("uploadId"), number, part);
    upload.parts[number] = std::move(part);
    return text_answer(200, "", std::move(headers));
}

answer service::copy_part(const message& m) {
    auto& upload = upload_of(m);
    const auto number = part_number(m);
    const auto& source = source_of(m);
    const auto range = m.header("x-amz-copy-source-range");
    const auto span = range_of(range, source.bytes.size);
    if (range && (!span.partial || *range != "bytes=" + std::to_string(span.offset) + "-" +
                                                 std::to_string(span.offset + span.length - 1)))
        throw refusal(400, "InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last");
    stored_part part{.bytes = {span.length, {}, source.bytes.pattern}, .modified = now()};
    if (!part.bytes.pattern)
        part.bytes.bytes = source.bytes.bytes.from(span.offset, span.length);
    part.etag = etag_of(part.bytes);
    if (!upload.algorithm.empty() && !part.bytes.pattern)
        part.checksums.emplace(upload.algorithm, digest(upload.algorithm, part.bytes.bytes.view()).value_or(""));
    xml out("CopyPartResult");
    out.element("ETag", in_quotes(part.etag)).element("LastModified", xml_time(part.modified));
    for (const auto& [algorithm, sum] : part.checksums)
        out.element(checksum_element(algorithm), sum);
    if (journal_)
        journal_->put(m.argument("uploadId"), number, part);
    upload.parts[number] = std::move(part);
    return std::move(out).answer();
}

answer service::complete(const message& m) {
    auto& upload = upload_of(m);
    const auto id = m.argument("uploadId");
    const auto object = assembled(m, upload);
    try {
        check_write_conditions(m, m.key);
    } catch (const refusal&) {
        if (options_.profile.failed_complete_aborts)
            forget_upload(id);
        throw;
    }
    xml out("CompleteMultipartUploadResult");
    out.element("Location", "/" + m.bucket + "/" + m.key).element("Bucket", m.bucket).element("Key", m.key);
    out.element("ETag", in_quotes(object.etag));
    for (const auto& [algorithm, sum] : object.checksums)
        out.element(checksum_element(algorithm), sum);
    if (!object.checksums.empty())
        out.element("ChecksumType", object.checksum_type);
    keep(m.key, object);
    forget_upload(id);
    return std::move(out).answer();
}

void service::forget_upload(const std::string& id) {
    if (journal_)
        journal_->remove_upload(id);
    uploads_.erase(id);
}

stored service::assembled(const message& m, const open_upload& upload) const {
    const auto wanted = wanted_parts(m.body.bytes.view());
    std::vector<const stored_part*> parts;
    std::string etags, raw_sums;
    for (const auto& each : wanted)
        parts.push_back(&found_part(upload, each));
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool last = i + 1 == parts.size();
        if (!last && parts[i]->bytes.size < options_.min_part)
            throw refusal(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size",
                          {{"PartNumber", std::to_string(wanted[i].number)}});
        if (options_.profile.equal_parts &&
            (last ? parts[i]->bytes.size > parts[0]->bytes.size : parts[i]->bytes.size != parts[0]->bytes.size))
            throw refusal(400, "InvalidPart", "All non-trailing parts must have the same length.");
        etags += encoding::hex_decode(parts[i]->etag).value_or("");
        if (const auto sum = parts[i]->checksums.find(upload.algorithm); sum != parts[i]->checksums.end())
            raw_sums += raw_of(sum->second);
    }
    stored object{.bytes = joined(parts),
                  .etag = encoding::hex_encode(md5(etags)) + "-" + std::to_string(parts.size()),
                  .attributes = upload.attributes,
                  .modified = now()};
    if (const auto size = m.header("x-amz-mp-object-size"); size && *size != std::to_string(object.bytes.size))
        throw refusal(400, "InvalidRequest",
                      "The provided 'x-amz-mp-object-size' header does not match what was computed.");
    if (options_.profile.checksum_headers != header_use::honoured)
        return object;
    const auto algorithm = upload.algorithm.empty() ? "crc64nvme" : upload.algorithm;
    const auto sum = upload.checksum_type == "FULL_OBJECT" ? whole_sum(algorithm, object.bytes, parts)
                                                           : composite(algorithm, raw_sums, parts.size());
    if (const auto said = m.checksum(algorithm); said && !sum.empty() && *said != sum)
        throw refusal(400, "BadDigest", "The " + algorithm + " you specified did not match the calculated checksum.");
    if (!sum.empty())
        object.checksums.emplace(algorithm, sum);
    object.checksum_type = upload.checksum_type;
    return object;
}

answer service::abort(const message& m) {
    upload_of(m);
    forget_upload(m.argument("uploadId"));
    return text_answer(204, "");
}

} // namespace infra::storage::stub
