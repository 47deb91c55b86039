#include "trial.hpp"

#include <infra/base/id.hpp>
#include <infra/storage/error.hpp>

#include <algorithm>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::string_view probe_text = "A probe of infra's storage verify. It may be removed.\n";
constexpr std::string_view other_text = "Another one, in the place of the first.\n";

const put_options& attributes_of_probe() {
    static const put_options all{.content_type = "text/plain; charset=utf-8",
                                 .cache_control = "no-store",
                                 .metadata = {{"probe", "Grüße, 世界"}}};
    return all;
}

[[noreturn]] void wrong(const std::string& note) { throw finding(outcome::wrong, note); }

// Whether `operation` is refused because of its condition.
template <class T>
awaitable<bool> is_held_back(awaitable<T> operation) {
    try {
        co_await std::move(operation);
    } catch (const storage_error& e) {
        if (e.code() != errc::precondition)
            throw;
        co_return true;
    }
    co_return false;
}

} // namespace

void expect(bool holds, const std::string& otherwise) {
    if (!holds)
        wrong(otherwise);
}

trial::trial(infra::storage::storage files, std::string folder, fetcher fetch, deadline limit)
    : files_(std::move(files)), folder_(std::move(folder)), fetch_(std::move(fetch)), limit_(limit) {}

std::string trial::probe(std::string_view name) {
    auto key = folder_ + std::string(name);
    if (std::ranges::find(probes_, key) == probes_.end())
        probes_.push_back(key);
    return key;
}

awaitable<object_info> trial::put_probe(std::string_view name, std::string bytes) {
    auto how = attributes_of_probe();
    how.limit = limit_;
    co_return co_await files_.put(probe(name), std::move(bytes), std::move(how));
}

awaitable<std::string> trial::read(std::string key) {
    co_return (co_await files_.get(std::move(key), {.limit = limit_})).bytes;
}

awaitable<std::vector<std::string>> trial::keys_of(list_options what) {
    std::vector<std::string> keys;
    what.prefix = folder_ + what.prefix;
    do {
        const auto page = co_await files_.list(what);
        for (const auto& each : page.objects)
            keys.push_back(each.key.substr(folder_.size()));
        for (const auto& each : page.prefixes)
            keys.push_back(each.substr(folder_.size()));
        what.token = page.token;
    } while (!what.token.empty() && keys.size() < 1000);
    co_return keys;
}

// --- Objects --------------------------------------------------------------------------------------------------------

awaitable<std::string> trial::reach() {
    co_await files_.ping();
    co_return "";
}

awaitable<std::string> trial::put() {
    const auto info = co_await put_probe("probe.txt", std::string(probe_text));
    expect(!info.etag.empty(), "it gives no ETag, without which nothing can be pinned to one version");
    co_return "";
}

awaitable<std::string> trial::get() {
    expect(co_await read(probe("probe.txt")) == probe_text, "other bytes came back than were put");
    co_return "";
}

awaitable<std::string> trial::describe() {
    const auto info = co_await files_.head(probe("probe.txt"), {.limit = limit_});
    expect(info.has_value(), "it does not know the object that was just put");
    expect(info->size == probe_text.size(), "it tells another size than was put");
    co_return "";
}

awaitable<std::string> trial::keep_attributes() {
    const auto info = co_await files_.head(probe("probe.txt"), {.limit = limit_});
    const auto& put = attributes_of_probe();
    std::string lost;
    const auto compare = [&lost](bool same, const char* what) {
        if (!same)
            lost.append(lost.empty() ? "" : ", ").append(what);
    };
    compare(info && info->content_type == put.content_type, "content type");
    compare(info && info->cache_control == put.cache_control, "cache control");
    compare(info && info->metadata == put.metadata, "metadata");
    if (!lost.empty())
        throw finding(outcome::missing, "it does not give back as they were put: " + lost);
    co_return "";
}

awaitable<std::string> trial::keep_checksum() {
    const auto info = co_await files_.head(probe("probe.txt"), {.limit = limit_});
    if (!info || !info->checksum)
        throw finding(outcome::missing, "it keeps no checksum; what is read can be compared with its length alone");
    expect(*info->checksum == checksum_of(probe_text, info->checksum->kind()),
           "it gives another checksum than the bytes have");
    co_return std::string(to_string(info->checksum->kind()));
}

awaitable<std::string> trial::keep_sha256() {
    constexpr auto kind = checksum_kind::sha256;
    co_await files_.put(probe("sha256.txt"), std::string(probe_text), {.checksum = kind, .limit = limit_});
    const auto info = co_await files_.head(probe("sha256.txt"), {.limit = limit_});
    if (!info || !info->checksum || info->checksum->kind() != kind)
        throw finding(outcome::missing,
                      "it keeps none of this kind; what is asked for it is checked by another, or not");
    expect(*info->checksum == checksum_of(probe_text, kind), "it gives another checksum than the bytes have");
    co_return "";
}

awaitable<std::string> trial::replace() {
    const auto first = co_await put_probe("replaced.txt", std::string(probe_text));
    const auto second = co_await put_probe("replaced.txt", std::string(other_text));
    expect(first.etag != second.etag,
           "an object keeps its ETag though its bytes change: nothing can be pinned to a version");
    expect(co_await read(probe("replaced.txt")) == other_text, "old bytes came back after an object was replaced");
    co_return "";
}

awaitable<std::string> trial::read_range() {
    const auto part =
        co_await files_.get(probe("probe.txt"), {.range = byte_range{.offset = 2, .length = 5}, .limit = limit_});
    expect(part.bytes == probe_text.substr(2, 5), "a range gives other bytes than it should");
    try {
        co_await files_.get(probe("probe.txt"), {.range = byte_range{.offset = probe_text.size()}, .limit = limit_});
    } catch (const storage_error& e) {
        if (e.code() != errc::bad_range)
            throw;
        co_return "";
    }
    wrong("a range behind the end is answered as if it were none");
}

awaitable<std::string> trial::miss() {
    const auto none = folder_ + "never-put";
    expect(!(co_await files_.exists(none)), "it says that an object is there that was never put");
    try {
        co_await files_.get(none, {.limit = limit_});
    } catch (const storage_error& e) {
        expect(e.code() == errc::not_found, std::string("it does not say not_found: ") + e.what());
        co_return "";
    }
    wrong("it gives bytes of an object that was never put");
}

awaitable<std::string> trial::keep_keys() {
    for (const char* name : {"keys/a b+c", "keys/100%", "keys/ä 世界", "keys/(x)'*!~", "keys/a=b&c", "keys/%2F"}) {
        co_await put_probe(name, name);
        expect(co_await read(probe(name)) == name, "a key is not kept as it is: " + std::string(name));
    }
    const auto listed = co_await keys_of({.prefix = "keys/"});
    expect(listed.size() == 6, "keys with spaces, percent signs or Unicode are lost from lists");
    co_return "";
}

awaitable<std::string> trial::list() {
    for (const char* name : {"list/b", "list/a/1", "list/a/2", "list/a", "list/a!"})
        co_await put_probe(name, "x");
    const std::vector<std::string> all{"list/a", "list/a!", "list/a/1", "list/a/2", "list/b"};
    auto listed = co_await keys_of({.prefix = "list/"});
    const bool ordered = listed == all;
    std::ranges::sort(listed);
    expect(listed == all, "a list after a put does not hold what is there");
    expect(ordered, "a list is not in the order of the keys' bytes");
    auto folded = co_await keys_of({.prefix = "list/", .delimiter = "/"});
    std::ranges::sort(folded);
    expect(folded == std::vector<std::string>{"list/a", "list/a!", "list/a/", "list/b"},
           "a delimiter does not fold what lies behind it");
    co_return "";
}

awaitable<std::string> trial::list_pages() {
    const auto paged = co_await keys_of({.prefix = "list/", .limit = 2});
    expect(paged == co_await keys_of({.prefix = "list/"}), "pages together are not the whole list");
    co_return "";
}

awaitable<std::string> trial::copy() {
    co_await files_.copy(probe("probe.txt"), probe("copy.txt"), {.limit = limit_});
    const auto copied = co_await files_.get(probe("copy.txt"), {.limit = limit_});
    expect(copied.bytes == probe_text, "a copy has other bytes");
    expect(copied.info.content_type == attributes_of_probe().content_type, "a copy loses its content type");
    co_return "";
}

awaitable<std::string> trial::remove() {
    co_await put_probe("gone.txt", std::string(probe_text));
    co_await files_.remove(probe("gone.txt"), {.limit = limit_});
    expect(!(co_await files_.exists(probe("gone.txt"))), "an object is there after it was removed");
    co_await files_.remove(probe("gone.txt"), {.limit = limit_});
    co_return "";
}

awaitable<std::string> trial::remove_many() {
    co_await put_probe("many/1", "x");
    co_await put_probe("many/2", "x");
    for (const auto& each : co_await files_.remove_many({probe("many/1"), probe("many/none"), probe("many/2")}))
        if (each.failure)
            throw *each.failure;
    expect((co_await keys_of({.prefix = "many/"})).empty(), "objects are there after they were removed together");
    co_return "";
}

// --- Conditions -----------------------------------------------------------------------------------------------------

awaitable<std::string> trial::create_once() {
    co_await files_.put(probe("once.txt"), std::string(probe_text), {.if_absent = true, .limit = limit_});
    expect(co_await is_held_back(
               files_.put(probe("once.txt"), std::string(other_text), {.if_absent = true, .limit = limit_})),
           "it ignores if_absent: two that create at once overwrite each other here");
    expect(co_await read(probe("once.txt")) == probe_text, "a put that was refused changed the object");
    co_return "";
}

awaitable<std::string> trial::compare_and_swap() {
    const auto first = co_await put_probe("swap.txt", std::string(probe_text));
    co_await files_.put(probe("swap.txt"), std::string(other_text), {.if_match = first.etag, .limit = limit_});
    expect(co_await is_held_back(files_.put(probe("swap.txt"), "lost", {.if_match = first.etag, .limit = limit_})),
           "it ignores if_match: an update can overwrite another here");
    co_return "";
}

awaitable<std::string> trial::read_if_changed() {
    const auto info = co_await files_.head(probe("probe.txt"), {.limit = limit_});
    const auto etag = info ? info->etag : std::string();
    expect(co_await is_held_back(files_.get(probe("probe.txt"), {.if_none_match = etag, .limit = limit_})),
           "it ignores if_none_match: what has not changed is sent again");
    expect(co_await is_held_back(files_.get(probe("probe.txt"), {.if_match = "0" + etag, .limit = limit_})),
           "it ignores if_match when it is read: parts of two versions may be mixed");
    co_return "";
}

// --- Uploads by parts -----------------------------------------------------------------------------------------------

awaitable<std::string> trial::upload_parts() {
    uploads_.push_back(co_await files_.begin_upload(probe("parts.txt"), attributes_of_probe()));
    const auto upload = uploads_.back();
    co_await upload.put_part(1, std::string(probe_text));
    co_await upload.complete();
    const auto made = co_await files_.get(probe("parts.txt"), {.limit = limit_});
    expect(made.bytes == probe_text, "an object made of parts has other bytes");
    expect(made.info.content_type == attributes_of_probe().content_type,
           "an object made of parts loses its content type");
    co_return "";
}

awaitable<std::string> trial::abort_upload() {
    uploads_.push_back(co_await files_.begin_upload(probe("aborted.txt"), {}));
    const auto upload = uploads_.back();
    co_await upload.put_part(1, std::string(probe_text));
    co_await upload.abort();
    expect(!(co_await files_.exists(probe("aborted.txt"))), "an aborted upload leaves an object");
    co_return "";
}

awaitable<void> trial::clean(deadline limit) {
    limit_ = limit;
    for (const auto& each : uploads_) {
        try {
            co_await each.abort();
        } catch (const std::exception&) { // over already, or for sweep()
        }
    }
    if (!probes_.empty())
        co_await files_.remove_many(probes_);
}

} // namespace infra::storage
