#include "service.hpp"

#include "checks.hpp"
#include "digest.hpp"
#include "pattern.hpp"
#include "xml.hpp"

#include <algorithm>

namespace infra::storage::stub {

service::service(stub::options o) : options_(std::move(o)) {
    if (options_.directory.empty())
        return;
    journal_.emplace(options_.directory);
    objects_ = journal_->objects();
    uploads_ = journal_->uploads();
    ids_ = static_cast<std::uint64_t>(to_unix_ms(real_clock().wall())) << 16; // none that an earlier process gave
}

answer service::handle(message m) try {
    if (m.op != "form") // which is signed in its fields
        check_signature(m, options_, now());
    if (m.bucket != options_.bucket)
        throw refusal(404, "NoSuchBucket", "The specified bucket does not exist", {{"BucketName", m.bucket}});
    if (options_.keep_bodies && options_.check_hashes)
        check_hashes(m);
    const std::lock_guard lock(mutex_);
    return act(m);
} catch (const refusal& r) {
    return error_answer(r.status, r.code, r.what(), r.elements, r.headers);
} catch (const std::exception& e) {
    return error_answer(500, "InternalError", e.what(), {});
}

answer service::act(const message& m) {
    if (m.op == "put")
        return put(m);
    if (m.op == "get" || m.op == "head")
        return get(m);
    if (m.op == "remove")
        return remove(m);
    if (m.op == "remove_many")
        return remove_many(m);
    if (m.op == "copy")
        return copy(m);
    if (m.op == "list")
        return list(m);
    if (m.op == "begin")
        return begin(m);
    if (m.op == "part")
        return part(m);
    if (m.op == "copy_part")
        return copy_part(m);
    if (m.op == "complete")
        return complete(m);
    if (m.op == "abort")
        return abort(m);
    if (m.op == "list_parts")
        return list_parts(m);
    if (m.op == "list_uploads")
        return list_uploads(m);
    if (m.op == "form")
        return form(m);
    if (m.op == "head_bucket")
        return text_answer(200, "", {{"x-amz-bucket-region", options_.region}});
    if (m.op == "location")
        return xml("LocationConstraint").answer();
    throw refusal(501, "NotImplemented",
                  "A header or query you provided implies functionality that is not implemented");
}

// --- What verbs share -------------------------------------------------------------------------------------------------

const stored& service::existing(const std::string& key) const {
    const auto found = objects_.find(key);
    if (found == objects_.end())
        throw refusal(404, "NoSuchKey", "The specified key does not exist.", {{"Key", key}});
    return found->second;
}

void service::check_write_conditions(const message& m, const std::string& key) const {
    const auto none = m.header("if-none-match"), match = m.header("if-match");
    if ((!none && !match) || options_.profile.conditions == header_use::ignored)
        return;
    if (options_.profile.conditions == header_use::refused || (none && *none != "*"))
        throw refusal(501, "NotImplemented", "A header you provided implies functionality that is not implemented",
                      {{"Header", none ? "If-None-Match" : "If-Match"}});
    const auto failed =
        refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
                {{"Condition", none ? "If-None-Match" : "If-Match"}});
    if (none && objects_.contains(key))
        throw failed;
    if (match && unquoted(*match) != existing(key).etag && *match != "*")
        throw failed;
}

void service::check_checksums(const message& m) const {
    for (const auto algorithm : checksum_algorithms) {
        const auto name = "x-amz-checksum-" + std::string(algorithm);
        const auto said = m.checksum(algorithm);
        if (!said || options_.profile.checksum_headers == header_use::ignored)
            continue;
        if (options_.profile.checksum_headers == header_use::refused)
            throw refusal(501, "NotImplemented", "Header '" + name + "' with value '" + *said + "' not implemented");
        if (!options_.check_hashes)
            continue;
        const auto came = options_.keep_bodies ? digest(algorithm, m.body.bytes.view())
                          : m.body_sum         ? std::optional(m.body_sum->base64())
                                               : said;
        if (*came != *said)
            throw refusal(400, "BadDigest",
                          "The " + std::string(algorithm) + " you specified did not match the calculated checksum.");
    }
}

sums service::sums_of(const message& m) const {
    sums out;
    if (options_.profile.checksum_headers != header_use::honoured)
        return out;
    for (const auto algorithm : checksum_algorithms)
        if (const auto said = m.checksum(algorithm))
            out.emplace(algorithm, *said);
    if (out.empty() && options_.keep_bodies)
        out.emplace("crc64nvme", digest("crc64nvme", m.body.bytes.view()).value());
    return out;
}

std::string service::etag_of(const content& bytes) {
    return encoding::hex_encode(bytes.pattern ? md5(next_id()) : md5(bytes.bytes.view()));
}

std::string service::next_id() { return "upload" + std::to_string(++ids_); }

void service::keep(const std::string& key, stored object) {
    if (journal_)
        journal_->put(key, object);
    objects_[key] = std::move(object);
}

// --- For tests --------------------------------------------------------------------------------------------------------

std::map<std::string, stored> service::objects() const {
    const std::lock_guard lock(mutex_);
    return objects_;
}

std::map<std::string, open_upload> service::uploads() const {
    const std::lock_guard lock(mutex_);
    return uploads_;
}

void service::forget(const std::string& key) {
    const std::lock_guard lock(mutex_);
    objects_.erase(key);
}

void service::put_pattern(const std::string& key, std::uint64_t size, bool with_md5) {
    stored object{.bytes = {size, {}, true},
                  .attributes = {{"content-type", "application/octet-stream"}},
                  .checksum_type = "FULL_OBJECT",
                  .modified = now()};
    running_checksum sum;
    for (std::uint64_t at = 0; at < size; at += pattern_period)
        sum.update(pattern_at(at, size - at));
    object.checksums["crc32c"] = sum.value().base64();
    if (with_md5)
        object.attributes.emplace_back("x-amz-meta-md5chksum", encoding::base64_encode(md5_of_pattern(size)));
    const std::lock_guard lock(mutex_);
    object.etag = etag_of(object.bytes) + "-2"; // as of parts: clients take another for the MD5 of the whole
    objects_[key] = std::move(object);
}

} // namespace infra::storage::stub
