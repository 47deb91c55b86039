#include "objects.hpp"

#include "../attributes.hpp"
#include "../preconditions.hpp"

#include <infra/storage/error.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace infra::storage::memory {
namespace {

constexpr std::size_t uploads_a_page = 1000;

std::string key_of(const upload_id& of) {
    std::string key = of.key;
    return key.append(1, '\0').append(of.id);
}

object_info info_of(const std::string& key, const object_attributes& attributes, std::uint64_t size, wall_time now) {
    object_info info{.key = key, .size = size, .modified = std::chrono::floor<std::chrono::seconds>(now)};
    set_attributes(info, attributes);
    return info;
}

[[noreturn]] void refuse(const upload_id& of, const std::string& why, const char* name) {
    throw storage_error(errc::refused, "complete the upload to " + of.key + ": " + why, {.name = name, .status = 400});
}

const stored_part& part_at(const stored_upload& upload, const upload_id& of, const part& wanted) {
    const auto found = upload.parts.find(wanted.number);
    if (found == upload.parts.end() || found->second.info.etag != wanted.etag)
        refuse(of, "part " + std::to_string(wanted.number) + " has not arrived, or another one has in its place",
               "InvalidPart");
    return found->second;
}

rope joined(const stored_upload& upload, const upload_id& of, const std::vector<part>& parts) {
    if (parts.empty())
        refuse(of, "an object has one part at least", "MalformedXML");
    rope all;
    int last_number = 0;
    for (const auto& each : parts) {
        if (each.number <= last_number)
            refuse(of, "its parts are not in the order of their numbers", "InvalidPartOrder");
        last_number = each.number;
        const auto& found = part_at(upload, of, each);
        if (&each != &parts.back() && found.bytes.size < min_part)
            refuse(of, "part " + std::to_string(each.number) + " has less than 5 MiB and is not the last",
                   "EntityTooSmall");
        all.append(found.bytes);
    }
    return all;
}

} // namespace

checksum checked(const rope& bytes, const std::optional<checksum>& said, checksum_kind otherwise,
                 std::string_view key) {
    const auto sum = bytes.sum(said ? said->kind() : otherwise);
    if (said && *said != sum)
        throw storage_error(errc::integrity, "put " + std::string(key) + ": the bytes have the checksum " + sum.hex() +
                                                 " and not the " + said->hex() +
                                                 " that was said of them; nothing was kept");
    return sum;
}

const stored_object& objects::at(std::string_view key) const {
    const auto found = kept_.find(key);
    if (found == kept_.end())
        throw storage_error(errc::not_found, "there is no object " + std::string(key));
    return found->second;
}

object_info objects::put(const put_request& what, rope bytes, checksum sum, wall_time now) {
    check_write(what.write, etag_at(what.key), "put " + what.key);
    auto info = info_of(what.key, what.attributes, bytes.size, now);
    info.etag = new_etag(sum);
    info.checksum = sum;
    kept_.insert_or_assign(what.key, stored_object{info, std::move(bytes)});
    return info;
}

object_info objects::copy(const copy_request& what, wall_time now) {
    const auto source = at(what.from); // a copy, since it may be the target
    check_read({.if_match = what.source_if_match}, source.info, "copy " + what.from);
    return put({.key = what.to,
                .attributes = what.attributes ? *what.attributes : attributes_of(source.info),
                .write = what.write},
               source.bytes, *source.info.checksum, now);
}

void objects::remove(std::string_view key, const std::string& if_match) {
    const auto found = kept_.find(key);
    if (found == kept_.end())
        return;
    check_write({.if_match = if_match}, found->second.info.etag, "remove " + found->first);
    kept_.erase(found);
}

std::optional<std::string> objects::etag_at(std::string_view key) const {
    const auto found = kept_.find(key);
    return found == kept_.end() ? std::nullopt : std::optional(found->second.info.etag);
}

// --- Uploads --------------------------------------------------------------------------------------------------------

upload_id objects::begin(put_request what, wall_time now) {
    upload_id made{.key = what.key, .id = "upload-" + std::to_string(++version_)};
    uploads_.emplace(key_of(made), stored_upload{.what = std::move(what), .begun = now});
    return made;
}

const stored_upload& objects::upload_at(const upload_id& of) const {
    const auto found = uploads_.find(key_of(of));
    if (found == uploads_.end())
        throw storage_error(errc::no_upload,
                            "the upload to " + of.key + " is over: completed, aborted or swept; begin another one");
    return found->second;
}

part objects::put_part(const upload_id& of, int number, rope bytes, checksum sum) {
    auto& upload = upload_at(of);
    part made{.number = number, .etag = new_etag(sum), .size = bytes.size, .checksum = sum};
    upload.parts.insert_or_assign(number, stored_part{made, std::move(bytes)});
    return made;
}

std::vector<part> objects::parts(const upload_id& of) const {
    std::vector<part> all;
    for (const auto& [number, each] : upload_at(of).parts)
        all.push_back(each.info);
    return all;
}

object_info objects::complete(const upload_id& of, const std::vector<part>& parts, const put_request& what,
                              wall_time now) {
    const auto& upload = upload_at(of);
    auto bytes = joined(upload, of, parts);
    const auto sum = checked(bytes, what.checksum, part_at(upload, of, parts.front()).info.checksum->kind(), of.key);
    const auto made =
        put({.key = of.key, .attributes = upload.what.attributes, .write = what.write}, std::move(bytes), sum, now);
    uploads_.erase(key_of(of));
    return made;
}

void objects::abort(const upload_id& of) { uploads_.erase(key_of(of)); }

uploads_page objects::uploads(std::string_view prefix, std::string_view token) const {
    uploads_page page;
    for (auto at = uploads_.upper_bound(std::max(prefix, token)); at != uploads_.end(); ++at) {
        if (!at->first.starts_with(prefix))
            break;
        if (page.uploads.size() == uploads_a_page) {
            page.token = key_of(page.uploads.back().upload);
            break;
        }
        page.uploads.push_back(
            {.upload = {.key = at->second.what.key, .id = at->first.substr(at->second.what.key.size() + 1)},
             .begun = at->second.begun});
    }
    return page;
}

} // namespace infra::storage::memory
