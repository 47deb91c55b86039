#include "objects.hpp"

#include "computed.hpp"
#include "conditional.hpp"
#include "digest.hpp"
#include "reading.hpp"

#include <map>
#include <utility>

namespace infra::storage::s3 {
namespace {

// MD5 says what was sent, not what was meant: that is compared here, where the store cannot.
std::string checked_md5(const shared_bytes& bytes, const std::optional<checksum>& sum) {
    if (sum && checksum_of(bytes.view(), sum->kind()) != *sum)
        throw storage_error(errc::integrity, "the bytes are not those of their checksum; nothing was sent");
    return md5_base64(bytes.view());
}

awaitable<object_info> put_once(store_ptr at, put_request what, shared_bytes bytes, deadline limit) {
    while (true) {
        const auto told = co_await integrity_of(at, what.checksum, bytes);
        const call how{.by = at->asked_for("put", what.key, true),
                       .tells_sums = tries_sums(*at, told),
                       .conditional = is_conditional(what.write)};
        const auto done = co_await ask(at, put_object(what, bytes, told), how, limit);
        if (done.refused)
            continue; // told in another way from now on
        if (how.tells_sums)
            at->learned().saw_sum(sum_in(done.got.headers).has_value());
        auto info = info_of(what, bytes.size(), done.got);
        if (!told.header && !told.metadata)
            info.checksum.reset();
        co_return info;
    }
}

awaitable<object_info> copy_once(store_ptr at, copy_request what, deadline limit) {
    const call how{
        .by = at->asked_for("copy", what.from, true), .conditional = is_conditional(what.write), .fails_late = true};
    const auto done = co_await ask(at, copy_object(what, at->options().bucket), how, limit);
    const auto made = made_of(done.got.body);
    co_return object_info{.key = what.to, .etag = made.etag, .modified = made.modified, .checksum = made.sum};
}

// Where checksums are in the metadata, other attributes must not lose it.
awaitable<copy_request> with_its_sum(store_ptr at, copy_request what, deadline limit) {
    if (!what.attributes || !plan_of(at->options().checksums, at->learned().known_sums()).metadata)
        co_return what;
    const auto source = co_await head(at, what.from, {.if_match = what.source_if_match}, limit);
    if (source.checksum)
        what.attributes->metadata.insert_or_assign(kept_sum(source.checksum->kind()), source.checksum->base64());
    what.source_if_match = source.etag;
    co_return what;
}

std::vector<remove_outcome> outcomes_of(std::vector<std::string> keys, std::vector<not_removed> failed) {
    std::map<std::string, storage_error, std::less<>> why;
    for (const auto& each : failed)
        if (auto failure = failure_of(each); failure.code() != errc::not_found)
            why.emplace(each.key, std::move(failure));
    std::vector<remove_outcome> all;
    for (auto& key : keys) {
        const auto found = why.find(key);
        all.push_back({std::move(key), found == why.end() ? std::nullopt : std::optional(found->second)});
    }
    return all;
}

// One behind the other: from the second time on storage hands the keys over one by one, several at once.
awaitable<std::vector<remove_outcome>> remove_each(store_ptr at, std::vector<std::string> keys, deadline limit) {
    std::vector<remove_outcome> all;
    for (auto& key : keys) {
        std::optional<storage_error> failure;
        try {
            co_await remove(at, key, {}, limit);
        } catch (const storage_error& e) {
            failure = e;
        }
        all.push_back({std::move(key), std::move(failure)});
    }
    co_return all;
}

} // namespace

awaitable<integrity> integrity_of(store_ptr at, std::optional<checksum> sum, shared_bytes bytes) {
    const auto plan = plan_of(at->options().checksums, at->learned().known_sums());
    integrity told;
    if (plan.header)
        told.header = sum;
    if (plan.metadata)
        told.metadata = sum;
    if (plan.md5)
        told.md5 = co_await computed(bytes.size(), [bytes, sum] { return checked_md5(bytes, sum); });
    co_return told;
}

bool tries_sums(const store& at, const integrity& told) noexcept {
    return told.header && at.options().checksums == checksums::automatic;
}

awaitable<object_info> put(store_ptr at, put_request what, shared_bytes bytes, deadline limit) {
    const conditional_write once = [at, what, bytes, limit](write_conditions w) {
        auto under = what;
        under.write = std::move(w);
        return put_once(at, std::move(under), bytes, limit);
    };
    co_return co_await honoured(at, write::put, what.key, what.write, once, limit);
}

awaitable<opened> get(store_ptr at, get_request what, deadline limit) {
    const call how{.by = at->asked_for("get", what.key, false), .streams = true};
    auto done = co_await ask(at, get_object(what), how, limit);
    const auto bytes = bytes_of(what, done.got);
    auto pieces = co_await pieces_of(at, std::move(*done.rest), how.by, bytes.length);
    co_return opened{info_of(what.key, done.got), bytes.offset, bytes.length, std::move(pieces)};
}

awaitable<object_info> head(store_ptr at, std::string key, read_conditions read, deadline limit) {
    const auto done = co_await ask(at, head_object(key, read), {.by = at->asked_for("head", key, false)}, limit);
    co_return info_of(key, done.got);
}

awaitable<void> remove(store_ptr at, std::string key, std::string if_match, deadline limit) {
    refuse_ignored(*at, write::put, key, {.if_match = if_match});
    try {
        co_await ask(at, delete_object(key, if_match), {.by = at->asked_for("remove", key, true)}, limit);
    } catch (const storage_error& e) {
        if (e.code() != errc::not_found)
            throw;
    }
}

awaitable<std::vector<remove_outcome>> remove_many(store_ptr at, std::vector<std::string> keys, deadline limit) {
    if (keys.empty())
        co_return std::vector<remove_outcome>();
    if (at->learned().removes_singly())
        co_return co_await remove_each(at, std::move(keys), limit);
    auto what = delete_objects(keys);
    what.headers.emplace_back(
        "content-md5", co_await computed(what.body.size(), [body = what.body] { return md5_base64(body.view()); }));
    const call how{.by = at->asked_for("remove many of", "", true), .removes_many = true};
    const auto done = co_await ask(at, std::move(what), how, limit);
    if (done.refused)
        co_return co_await remove_each(at, std::move(keys), limit);
    co_return outcomes_of(std::move(keys), not_removed_of(done.got.body));
}

awaitable<object_info> copy(store_ptr at, copy_request what, deadline limit) {
    what = co_await with_its_sum(at, std::move(what), limit);
    const conditional_write once = [at, what, limit](write_conditions w) {
        auto under = what;
        under.write = std::move(w);
        return copy_once(at, std::move(under), limit);
    };
    co_await honoured(at, write::copy, what.to, what.write, once, limit);
    co_return co_await head(at, what.to, {}, limit);
}

awaitable<list_page> list(store_ptr at, list_options what, deadline limit) {
    while (true) {
        const bool v1 = at->learned().lists_v1();
        const call how{.by = at->asked_for("list", "", false), .lists = !v1};
        const auto done = co_await ask(at, list_objects(what, v1 ? list_version::v1 : list_version::v2), how, limit);
        if (!done.refused && !v1 && is_answer_of_v1(done.got.body))
            at->learned().saw_v1(); // which takes no notice of where the page was to begin
        else if (!done.refused)
            co_return page_of(done.got.body);
    }
}

// Of nothing: some stores fail over a page that is cut off.
awaitable<void> ping(store_ptr at, deadline limit) { co_await list(at, {.prefix = ".infra-ping/", .limit = 1}, limit); }

} // namespace infra::storage::s3
