// Of the core: what lies in the store, and whether its tags still hold.

#include "core.hpp"
#include "keys.hpp"
#include "plain_text.hpp"

#include <algorithm>

namespace infra::cache::detail {
namespace {

// Of bytes from the store; empty when they cannot be read.
std::optional<found_value> unpack(const core& in, std::string bytes) {
    if (!is_sealed(bytes))
        return found_value{.value = {std::move(bytes)}};
    auto read = open(bytes);
    if (!read) {
        in.counts.unreadable.add();
        return std::nullopt;
    }
    const bool raw = read->cover->raw;
    bytes.erase(0, read->payload_at);
    return found_value{.value = {std::move(bytes), raw}, .cover = std::move(read->cover)};
}

std::vector<std::string> tag_names(const core& in, const std::vector<tag_version>& tags) {
    std::vector<std::string> names;
    for (const auto& each : tags)
        names.push_back(tag_name(in.prefix, each.tag));
    return names;
}

bool still_hold(const std::vector<tag_version>& tags, const std::vector<std::uint64_t>& now) {
    return std::ranges::equal(tags, now, {}, &tag_version::version);
}

bool is_dead(const found_value& v, std::int64_t now_ms) { return v.cover && now_ms >= v.cover->dead_at_ms; }

void count(const core& in, bool hit) { (hit ? in.counts.hits : in.counts.misses).add(); }

bool is_there(const core& in, const found_value& found) {
    return !found.cover || is_plainly_there(found, in.now_ms()); // what is bare asks no clock
}

std::optional<payload> fresh_value(const core& in, std::optional<found_value> found) {
    const bool hit = found && is_there(in, *found);
    count(in, hit);
    return hit ? std::optional(std::move(found->value)) : std::nullopt;
}

// What is bare is taken as it is wanted; what is sealed is opened when the store's lock is free again.
struct copy_of_value final : value_reader {
    copy_of_value(payload& t, wanted f) noexcept : to(t), form(f) {}

    void read(std::string_view stored) override {
        sealed = is_sealed(stored);
        to.raw = !sealed && form == wanted::text && is_plain_string(stored);
        to.bytes = std::string(to.raw ? inside_quotes(stored) : stored); // cheaper than assign()
    }

    payload& to;
    const wanted form;
    bool sealed = false;
};

// Of what is sealed: whether it can be read, lives, and has tags that hold, as far as this process knows.
lookup open_now(const core& in, std::string bytes, found_value& to) {
    auto found = unpack(in, std::move(bytes));
    if (!found || is_dead(*found, in.now_ms()))
        return lookup::miss;
    to = std::move(*found);
    std::vector<std::uint64_t> versions;
    if (!in.shared->stored->try_versions(tag_names(in, tags_of(to)), versions))
        return lookup::unknown;
    return still_hold(tags_of(to), versions) ? lookup::hit : lookup::miss;
}

} // namespace

const std::vector<tag_version>& tags_of(const found_value& v) {
    static const std::vector<tag_version> none;
    return v.cover ? v.cover->tags : none;
}

namespace {

// As it is stored, whether or not that can be read.
inline lookup copy_now(const core& in, std::string_view key, copy_of_value& to) {
    key_room room;
    const auto place = in.key_now(key, room);
    return place ? in.shared->stored->try_read(*place, to) : lookup::unknown;
}

lookup open_fresh_now(const core& in, payload& to) {
    found_value found;
    auto outcome = open_now(in, std::move(to.bytes), found);
    if (outcome == lookup::hit && !is_there(in, found))
        outcome = lookup::miss;
    to = std::move(found.value);
    return outcome;
}

} // namespace

lookup look_now(core& in, std::string_view key, found_value& to) {
    copy_of_value copy(to.value, wanted::as_stored);
    const auto outcome = copy_now(in, key, copy);
    return copy.sealed ? open_now(in, std::move(to.value.bytes), to) : outcome;
}

lookup try_get(core& in, std::string_view key, payload& to, wanted form) {
    copy_of_value copy(to, form);
    auto outcome = copy_now(in, key, copy);
    if (copy.sealed)
        outcome = open_fresh_now(in, to);
    if (outcome != lookup::unknown)
        count(in, outcome == lookup::hit);
    return outcome;
}

lookup get_now(core& in, std::string_view key, payload& to, wanted form) {
    check_key(key);
    return try_get(in, key, to, form);
}

awaitable<std::optional<payload>> get(shared_core in, std::string key) {
    auto found = co_await look_elsewhere(in, std::move(key));
    co_return fresh_value(*in, std::move(found));
}

awaitable<std::vector<std::optional<payload>>> get_many(shared_core in, string_list keys) {
    auto found = co_await look_at_all(in, std::vector<std::string>(keys.begin(), keys.end()));
    std::vector<std::optional<payload>> values;
    values.reserve(found.size());
    for (auto& each : found)
        values.push_back(fresh_value(*in, std::move(each)));
    co_return values;
}

awaitable<std::optional<found_value>> look(shared_core in, std::string key) {
    check_key(key);
    found_value found;
    switch (look_now(*in, key, found)) {
    case lookup::hit: co_return std::move(found);
    case lookup::miss: co_return std::nullopt;
    case lookup::unknown: break;
    }
    co_return co_await look_elsewhere(std::move(in), std::move(key));
}

awaitable<std::optional<found_value>> look_elsewhere(shared_core in, std::string key) {
    std::vector<std::string> one;
    one.push_back(std::move(key));
    auto found = co_await look_at_all(std::move(in), std::move(one));
    co_return std::move(found.front());
}

awaitable<std::vector<std::optional<found_value>>> look_at_all(shared_core in, std::vector<std::string> keys) {
    keys = co_await keys_in_store(in, std::move(keys));
    auto bytes = co_await in->shared->stored->get(std::move(keys));
    co_return co_await interpret(std::move(in), std::move(bytes));
}

awaitable<std::vector<std::optional<found_value>>> interpret(shared_core in,
                                                             std::vector<std::optional<std::string>> bytes) {
    std::vector<std::optional<found_value>> found;
    std::vector<std::string> names;
    for (auto& each : bytes) {
        found.push_back(each ? unpack(*in, std::move(*each)) : std::nullopt);
        if (found.back() && is_dead(*found.back(), in->now_ms()))
            found.back().reset();
        if (found.back())
            std::ranges::move(tag_names(*in, tags_of(*found.back())), std::back_inserter(names));
    }
    if (names.empty())
        co_return found;
    const auto versions = co_await in->shared->stored->versions(std::move(names));
    auto at = versions.begin();
    for (auto& each : found) {
        if (!each)
            continue;
        const auto end = at + static_cast<std::ptrdiff_t>(tags_of(*each).size());
        const bool holds = still_hold(tags_of(*each), {at, end});
        at = end;
        if (!holds)
            each.reset();
    }
    co_return found;
}

awaitable<std::optional<found_value>> interpret_one(shared_core in, std::optional<std::string> bytes) {
    std::vector<std::optional<std::string>> one;
    one.push_back(std::move(bytes));
    auto found = co_await interpret(std::move(in), std::move(one));
    co_return std::move(found.front());
}

awaitable<std::vector<tag_version>> versions_of(shared_core in, string_list tags) {
    std::vector<tag_version> all;
    if (tags.empty())
        co_return all;
    for (const auto& each : tags)
        all.push_back({each});
    const auto versions = co_await in->shared->stored->versions_to_store(tag_names(*in, all));
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i].version = versions[i];
    co_return all;
}

awaitable<bool> still_hold(shared_core in, std::vector<tag_version> tags) {
    if (tags.empty())
        co_return true;
    try {
        const auto now = co_await in->shared->stored->versions(tag_names(*in, tags));
        co_return still_hold(tags, now);
    } catch (const error& e) {
        if (e.code() == infra::errc::closed)
            throw;
    }
    co_return true;
}

} // namespace infra::cache::detail
