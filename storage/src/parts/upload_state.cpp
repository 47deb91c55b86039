#include "upload.hpp"

#include "plan.hpp"

#include <infra/storage/error.hpp>

#include <utility>

namespace infra::storage {
namespace {

[[noreturn]] void refuse_completion(const upload_record& record, const std::string& why) {
    throw storage_error(infra::errc::invalid_input, "complete " + record.upload.key + ": " + why);
}

void check_length(const upload_record& record, const part& each, bool last) {
    const auto wanted = record.part_size;
    if (each.size == wanted || (last && each.size < wanted))
        return;
    refuse_completion(record, "part " + std::to_string(each.number) + " has " + std::to_string(each.size) +
                                  " bytes; all but the last must have " + std::to_string(wanted) +
                                  ", and that no more");
}

} // namespace

upload::state::state(core_ptr with, upload_record begun)
    : core(std::move(with)),
      key(core->shown(begun.upload.key)),
      id(begun.upload),
      part_size(begun.part_size),
      record_(std::move(begun)) {}

upload_record upload::state::record() const {
    const std::scoped_lock lock(mutex_);
    return record_;
}

void upload::state::arrived(const part& each) {
    const std::scoped_lock lock(mutex_);
    record_.parts.insert_or_assign(each.number, each);
}

void upload::state::check_open() const {
    const std::scoped_lock lock(mutex_);
    if (over_)
        throw storage_error(errc::no_upload, "the upload of " + id.key + " is over: it was completed or aborted");
}

void upload::state::end() {
    const std::scoped_lock lock(mutex_);
    over_ = true;
}

std::map<int, part> checked_parts(const upload_record& record) {
    const auto& parts = record.parts;
    if (parts.empty())
        refuse_completion(record, "no part has arrived");
    const auto count = record.size ? part_plan{*record.size, record.part_size}.count() : parts.rbegin()->first;
    if (const auto missing = missing_parts(parts, count); !missing.empty())
        refuse_completion(record,
                          "part " + std::to_string(missing.front()) + " of " + std::to_string(count) + " is missing");
    std::uint64_t size = 0;
    for (const auto& [number, each] : parts) {
        check_length(record, each, number == parts.rbegin()->first);
        size += each.size;
    }
    if (record.size && size != *record.size)
        refuse_completion(record, "the parts have " + std::to_string(size) + " bytes together, and not the " +
                                      std::to_string(*record.size) + " that there were to be");
    return parts;
}

std::map<int, part> reconciled(const upload_record& record, std::vector<part> listed) {
    std::map<int, part> there;
    for (auto& each : listed) {
        const auto known = record.parts.find(each.number);
        if (!each.checksum && known != record.parts.end() && known->second.etag == each.etag)
            each.checksum = known->second.checksum;
        const auto number = each.number;
        there.insert_or_assign(number, std::move(each));
    }
    return there;
}

} // namespace infra::storage
