#include "objects.hpp"

#include "digest.hpp"
#include "reading.hpp"

#include <infra/runtime/default_runtime.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace infra::storage::s3 {
namespace {

// Digesting more takes the loop's time from others.
constexpr std::size_t largest_digest_on_loop = 64 * 1024;

awaitable<std::string> md5_of(shared_bytes bytes) {
    if (bytes.size() <= largest_digest_on_loop)
        co_return md5_base64(bytes.view());
    co_return co_await default_blocking_pool().run([bytes] { return md5_base64(bytes.view()); });
}

bool is_conditional(const write_conditions& w) noexcept { return w.if_absent || !w.if_match.empty(); }

// AWS calls an object that should be there and is not "not found"; for who said if_match, the condition does not hold.
storage_error judged(const storage_error& e, const write_conditions& w) {
    if (e.code() != errc::not_found || w.if_match.empty())
        return e;
    return {errc::precondition, std::string(e.what()) + "; if_match wants one", e.all()};
}

/// One put or copy, and what is learned of conditions by the answer.
awaitable<object_info> conditional(store_ptr at, write_conditions w, awaitable<object_info> once) {
    try {
        co_return co_await std::move(once);
    } catch (const storage_error& e) {
        const auto why = judged(e, w);
        if (is_conditional(w) && why.code() == errc::precondition)
            at->learned().saw_condition(conditions::honoured);
        throw why;
    }
}

// The same again can do no harm: where conditions are honoured this one no longer holds, and elsewhere the same is put once more.
// Asked once for each store.
awaitable<void> prove(store_ptr at, write_conditions w, object_info made, awaitable<object_info> again) {
    if (made.etag == w.if_match) // the same bytes; it would hold again
        co_return;
    try {
        co_await conditional(at, w, std::move(again));
    } catch (const storage_error&) {
        co_return; // proven, or another time
    }
    at->learned().saw_condition(conditions::ignored);
    throw storage_error(errc::unsupported,
                        "put " + made.key +
                            ": the store takes no notice of If-Match and If-None-Match; what was under the key has "
                            "been replaced. Do without conditions here, or use a store that honours them",
                        {.name = "unsupported", .uncertain = true});
}

bool wants_proof(store& at, const write_conditions& w) noexcept {
    return is_conditional(w) && at.learned().known_conditions() == conditions::unknown;
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
    if (source.checksum && source.checksum->kind() == checksum_kind::crc32c)
        what.attributes->metadata.insert_or_assign(std::string(kept_sum), source.checksum->base64());
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

} // namespace

awaitable<integrity> integrity_of(store_ptr at, std::optional<checksum> sum, shared_bytes bytes) {
    const auto plan = plan_of(at->options().checksums, at->learned().known_sums());
    integrity told;
    if (plan.header)
        told.header = sum;
    if (plan.metadata && sum && sum->kind() == checksum_kind::crc32c)
        told.metadata = sum;
    if (plan.md5)
        told.md5 = co_await md5_of(bytes);
    co_return told;
}

bool tries_sums(const store& at, const integrity& told) noexcept {
    return told.header && at.options().checksums == checksums::automatic;
}

awaitable<object_info> put(store_ptr at, put_request what, shared_bytes bytes, deadline limit) {
    auto made = co_await conditional(at, what.write, put_once(at, what, bytes, limit));
    if (wants_proof(*at, what.write))
        co_await prove(at, what.write, made, put_once(at, what, bytes, limit));
    co_return made;
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
    try {
        co_await ask(at, delete_object(key, if_match), {.by = at->asked_for("remove", key, true)}, limit);
    } catch (const storage_error& e) {
        if (e.code() != errc::not_found)
            throw;
    }
}

awaitable<std::vector<remove_outcome>> remove_many(store_ptr at, std::vector<std::string> keys, deadline limit) {
    auto what = delete_objects(keys);
    what.headers.emplace_back("content-md5", co_await md5_of(what.body));
    const call how{.by = at->asked_for("remove many of", "", true), .removes_many = true};
    if (!at->learned().removes_singly()) {
        const auto done = co_await ask(at, std::move(what), how, limit);
        if (!done.refused)
            co_return outcomes_of(std::move(keys), not_removed_of(done.got.body));
    }
    throw storage_error(errc::unsupported, how.by.what + ": the store removes one key at a time");
}

awaitable<object_info> copy(store_ptr at, copy_request what, deadline limit) {
    what = co_await with_its_sum(at, std::move(what), limit);
    const auto made = co_await conditional(at, what.write, copy_once(at, what, limit));
    if (wants_proof(*at, what.write))
        co_await prove(at, what.write, made, copy_once(at, what, limit));
    co_return co_await head(at, what.to, {}, limit);
}

awaitable<list_page> list(store_ptr at, list_options what, deadline limit) {
    while (true) {
        const auto version = at->learned().lists_v1() ? list_version::v1 : list_version::v2;
        const call how{.by = at->asked_for("list", "", false), .lists = version == list_version::v2};
        const auto done = co_await ask(at, list_objects(what, version), how, limit);
        if (!done.refused)
            co_return page_of(done.got.body);
    }
}

} // namespace infra::storage::s3
