#include "upload.hpp"

#include "../call.hpp"
#include "../checks.hpp"
#include "../content_type.hpp"
#include "../progress.hpp"
#include "../put_mark.hpp"
#include "feed.hpp"
#include "on_pool.hpp"
#include "plan.hpp"
#include "transfer.hpp"

#include <infra/storage/error.hpp>
#include <infra/storage/key.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace {

using state_ptr = std::shared_ptr<upload::state>;

put_request recorded_request(const upload_record& record) {
    return {.key = record.upload.key,
            .attributes = record.attributes,
            .write = record.write,
            .sum = record.sum,
            .part_size = record.part_size,
            .parts_by_others = !record.sum};
}

// What is remembered of an upload that is about to begin.
upload_record record_for(const core& core, const std::string& key, const put_options& options) {
    const auto can = core.to().traits();
    check_how(options);
    upload_record made{.upload = {.key = core.full(key)},
                       .part_size = options.part_size ? options.part_size : core.options.part_size,
                       .sum = core.kind_of(options),
                       .attributes = checked(attributes_of(options), can),
                       .write = checked(write_conditions{options.if_absent, options.if_match}, can)};
    if (made.attributes.content_type.empty())
        made.attributes.content_type = content_type_of(key, {});
    if (can.remote && is_conditional(made.write))
        mark(made.attributes);
    return made;
}

awaitable<std::unique_ptr<begun_upload>> begin_recorded(core_ptr core, upload_record& record, deadline limit) {
    auto begun = co_await begin(core, recorded_request(record), limit);
    record.upload = begun->id();
    co_return begun;
}

deadline limit_to_begin(const core& core, const put_options& options) { return core.limit_of(options.limit); }

awaitable<std::vector<part>> list_parts(core_ptr core, upload_id upload) {
    const auto to = core->options.bucket;
    const asking<std::vector<part>> once = [to, upload](attempt a) { return to->list_parts(upload, a.limit); };
    co_return co_await core->calls.run<std::vector<part>>({.op = "list the parts of", .key = upload.key}, once,
                                                          core->limit_of({}));
}

parts_to parts_of(const upload::state& up) {
    return {.core = up.core, .upload = up.id, .with_sums = up.record().sum.has_value()};
}

checksum_kind kind_of_upload(const upload_record& record, const core& core) {
    return record.sum.value_or(core.to().traits().sum);
}

void check_part(const upload::state& up, int number, std::uint64_t size) {
    const auto most = up.core->to().traits().max_parts;
    if (number < 1 || static_cast<std::size_t>(number) > most)
        throw storage_error(infra::errc::invalid_input, "put part of " + up.key + ": parts have numbers from 1 to " +
                                                            std::to_string(most) + ", not " + std::to_string(number));
    if (size > up.part_size)
        throw storage_error(infra::errc::invalid_input, "put part of " + up.key + ": " + std::to_string(size) +
                                                            " bytes are more than a part's " +
                                                            std::to_string(up.part_size));
}

awaitable<part> put_one(state_ptr up, int number, shared_bytes bytes) {
    up->check_open();
    check_part(*up, number, bytes.size());
    const auto kind = kind_of_upload(up->record(), *up->core);
    const auto sum = co_await on_pool(up->core, [bytes, kind] { return checksum_of(bytes.view(), kind); });
    const auto made = co_await put_part(parts_of(*up), {number, std::move(bytes), sum});
    up->arrived(made);
    co_return made;
}

// --- What is missing of a file ----------------------------------------------------------------------------------

using file_ptr = std::shared_ptr<const regular_file>;

part_plan plan_of_upload(const upload::state& up, const upload_record& record, const regular_file& from) {
    const part_plan plan{.size = from.size, .part_size = up.part_size};
    if (record.size && *record.size != from.size)
        throw storage_error(infra::errc::invalid_input,
                            "put " + up.key + ": " + from.path + " has " + std::to_string(from.size) +
                                " bytes, and the upload is of " + std::to_string(*record.size));
    if (from.size / up.part_size >= up.core->to().traits().max_parts && from.size % up.part_size != 0)
        throw storage_error(errc::too_large,
                            "put " + up.key + ": " + from.path + " has more parts of " + std::to_string(up.part_size) +
                                " bytes than the store takes; begin the upload with a larger part_size");
    if (!record.parts.empty() && record.parts.rbegin()->first > plan.count())
        throw storage_error(infra::errc::invalid_input, "put " + up.key +
                                                            ": parts have arrived that lie behind the end of " +
                                                            from.path + ", which is another file");
    return plan;
}

// A part that has arrived is the file's only if it has the same bytes: the file may have been changed since.
awaitable<bool> is_of_file(core_ptr core, file_ptr from, slice which, part there) {
    if (there.size != which.size)
        co_return false;
    if (!there.checksum)
        co_return true; // its length is all that is known
    auto buffer = co_await core->memory.take(static_cast<std::size_t>(which.size), memory_limit(*core, {}));
    const auto sum = co_await on_pool(core, [from, which, buffer, kind = there.checksum->kind()] {
        return read_slice(*from, which, buffer.room(), kind);
    });
    co_return sum == *there.checksum;
}

awaitable<std::vector<int>> missing_of(core_ptr core, file_ptr from, part_plan plan, std::map<int, part> there) {
    std::vector<int> numbers;
    for (int number = 1; number <= plan.count(); ++number) {
        const auto found = there.find(number);
        if (found == there.end() || !co_await is_of_file(core, from, plan.at(number), found->second))
            numbers.push_back(number);
    }
    co_return numbers;
}

awaitable<void> put_rest(state_ptr up, std::filesystem::path path, progress_function on_progress) {
    up->check_open();
    const auto core = up->core;
    const auto from = co_await open_on_pool(core, std::move(path));
    const auto record = up->record();
    const auto plan = plan_of_upload(*up, record, *from);
    const auto numbers = co_await missing_of(core, from, plan, record.parts);
    progress_teller progress(std::move(on_progress), plan.size, core->time());
    std::uint64_t to_come = 0;
    for (const auto number : numbers)
        to_come += plan.at(number).size;
    progress.moved(plan.size - to_come);
    const part_listener arrived = [&](const part& each) {
        up->arrived(each);
        progress.moved(each.size);
    };
    const auto times = std::min(core->options.concurrency, numbers.size());
    if (times > 0)
        co_await put_parts(parts_of(*up), feed_of(core, from, plan, numbers, kind_of_upload(record, *core)), times,
                           arrived);
    progress.ended();
}

// --- The end ----------------------------------------------------------------------------------------------------

awaitable<object_info> complete_upload(state_ptr up) {
    up->check_open();
    const auto record = up->record();
    auto info = co_await complete(up->core, up->id, checked_parts(record), recorded_request(record), deadline::never());
    up->end();
    co_return up->core->shown(std::move(info));
}

awaitable<void> abort_upload(state_ptr up) {
    co_await abort(up->core, up->id, up->core->limit_of({}));
    up->end();
}

// --- Others' parts ----------------------------------------------------------------------------------------------

awaitable<std::vector<std::string>> sign_parts(core_ptr core, upload_id upload, int count,
                                               std::chrono::seconds expires) {
    std::vector<std::string> urls;
    for (int number = 1; number <= count; ++number)
        urls.push_back(co_await core->to().sign_part(upload, number, expires));
    co_return urls;
}

void check_signed(const signed_upload_options& how) {
    if (how.size == 0)
        throw std::invalid_argument("storage::signed_upload_options::size must be at least 1");
}

} // namespace

awaitable<upload> begin_upload(core_ptr core, std::string key, put_options options) {
    auto record = record_for(*core, key, options);
    record.part_size = part_size_for_any(record.part_size, core->to().traits());
    const auto begun = co_await begin_recorded(core, record, limit_to_begin(*core, options));
    upload made(std::make_shared<upload::state>(core, std::move(record)));
    begun->keep();
    co_return made;
}

awaitable<upload> resume_upload(core_ptr core, std::string token) {
    auto record = from_token(token);
    const std::string_view key = record.upload.key;
    if (!key.starts_with(core->options.prefix) || !is_key(key.substr(core->options.prefix.size())) ||
        record.upload.id.empty() || record.part_size == 0)
        throw storage_error(infra::errc::invalid_input, "the token names no upload of this storage");
    record.parts = reconciled(record, co_await list_parts(core, record.upload));
    co_return upload(std::make_shared<upload::state>(core, std::move(record)));
}

awaitable<signed_upload> sign_upload(core_ptr core, std::string key, std::chrono::seconds expires,
                                     signed_upload_options how, put_options options) {
    check_signed(how);
    check_expiry(expires);
    auto record = record_for(*core, key, options);
    record.part_size =
        part_size_for(how.size, how.part_size ? how.part_size : record.part_size, core->to().traits(), key);
    record.size = how.size;
    record.sum.reset();
    const auto begun = co_await begin_recorded(core, record, limit_to_begin(*core, options));
    const auto count = part_plan{how.size, record.part_size}.count();
    signed_upload made{.token = to_token(record), .part_size = record.part_size};
    made.part_urls = co_await sign_parts(core, record.upload, count, expires);
    begun->keep();
    co_return made;
}

// --- The page that users read -----------------------------------------------------------------------------------

std::string upload::token() const { return to_token(state_->record()); }

const std::string& upload::key() const noexcept { return state_->key; }

std::uint64_t upload::part_size() const noexcept { return state_->part_size; }

std::vector<int> upload::missing(int count) const { return missing_parts(state_->record().parts, count); }

awaitable<part> upload::put_part(int number, shared_bytes bytes) const {
    return told(state_->core, "put_part", state_->key, put_one(state_, number, std::move(bytes)));
}

awaitable<void> upload::put_file(std::filesystem::path from, progress_function on_progress) const {
    return told(state_->core, "put_parts", state_->key, put_rest(state_, std::move(from), std::move(on_progress)));
}

awaitable<object_info> upload::complete() const {
    return told(state_->core, "complete_upload", state_->key, complete_upload(state_));
}

awaitable<void> upload::abort() const { return told(state_->core, "abort_upload", state_->key, abort_upload(state_)); }

} // namespace infra::storage
