#include "commands.hpp"

#include "names.hpp"
#include "scripts.hpp"

#include <infra/base/encoding.hpp>

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

namespace infra::cache::redis_backend {
namespace {

using redis::replay;
using std::chrono::milliseconds;

constexpr milliseconds longest{std::int64_t{1} << 52}; // beyond it is for ever; the server adds it to the time of day
constexpr milliseconds fence_memory{std::chrono::hours(24)};

/// Milliseconds as the scripts and PX have them.
std::int64_t ttl_word(milliseconds ttl) { return ttl >= longest ? -1 : ttl.count(); }

std::string sha1_of(std::string_view text) {
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return encoding::hex_encode({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string holder_of(const std::string& process, const std::string& token) { return process + " " + token; }

// Where a value is long, its digest travels in its place.
std::pair<std::string_view, std::string> words_for(const std::optional<std::string>& seen) {
    constexpr std::size_t short_enough = 256;
    if (!seen)
        return {"none", ""};
    if (seen->size() <= short_enough)
        return {"bytes", *seen};
    return {"sha1", sha1_of(*seen)};
}

} // namespace

// MGET for one as well: where somebody else put a list it finds nothing, and GET fails.
redis::command get_command(const std::vector<std::string>& keys) {
    redis::command c("MGET");
    c.add_all(keys);
    return c;
}

redis::batch get_with_times(const std::vector<std::string>& keys) {
    redis::batch all{get_command(keys)};
    for (const auto& each : keys)
        all.add({"PTTL", each});
    return all;
}

redis::command set_command(const new_entry& e) {
    redis::command c{"SET", e.key, e.value};
    if (const auto ttl = ttl_word(e.ttl); ttl > 0)
        c.add("PX").add(ttl);
    if (e.only_if_absent)
        c.add("NX");
    return c;
}

redis::command erase_command(const std::string& key) {
    return scripts::erase.call({key, beside(key, "lease")}).again(replay::idempotent);
}

redis::command expire_command(const std::string& key, milliseconds ttl) {
    return scripts::expire.call({key}, {ttl_word(ttl)}).again(replay::idempotent);
}

redis::command add_command(const std::string& key, std::int64_t amount, milliseconds ttl) {
    return scripts::add.call({key}, {amount, ttl_word(ttl)});
}

redis::command replace_command(const replacement& r, const std::string& process) {
    constexpr std::int64_t what_is_left = -2;
    const auto [how, what] = words_for(r.seen);
    const auto& key = r.entry.key;
    const auto holder = r.token.empty() ? "" : holder_of(process, r.token);
    return scripts::replace.call(
        {key, beside(key, "lease")},
        {r.entry.value, r.keeps_time ? what_is_left : ttl_word(r.entry.ttl), holder, how, what});
}

redis::command lease_command(const lease_request& r, const std::string& process) {
    return scripts::lease
        .call({r.key, beside(r.key, "lease")},
              {holder_of(process, r.token), holder_of(process, ""), std::min(r.ttl, longest).count()})
        .again(replay::idempotent);
}

redis::command extend_lease_command(const lease_request& r, const std::string& process) {
    return scripts::extend
        .call({beside(r.key, "lease")}, {holder_of(process, r.token), std::min(r.ttl, longest).count()})
        .again(replay::idempotent);
}

redis::command end_lease_command(const lease_request& r, const std::string& process) {
    return scripts::release.call({beside(r.key, "lease")}, {holder_of(process, r.token)});
}

// Its fence is remembered for longer than any holder may believe to hold it.
redis::command acquire_command(const lock_request& r) {
    const auto ttl = std::min(r.ttl, longest);
    const auto remembered = std::max(fence_memory, 2 * ttl);
    return scripts::acquire.call({r.key, beside(r.key, "fence")}, {r.token, ttl.count(), remembered.count()})
        .again(replay::idempotent);
}

redis::command extend_command(const lock_request& r) {
    return scripts::extend.call({r.key}, {r.token, std::min(r.ttl, longest).count()}).again(replay::idempotent);
}

redis::command release_command(const lock_request& r) { return scripts::release.call({r.key}, {r.token}); }

std::vector<redis::reply> items_in(redis::reply r, std::size_t n) {
    auto items = std::move(r).take_items();
    return items.size() == n ? std::move(items) : std::vector<redis::reply>(n);
}

std::optional<std::string> text_in(redis::reply r) {
    return r.is_null() ? std::nullopt : std::optional(std::move(r).take_text());
}

erased erased_in(redis::reply r) {
    auto items = std::move(r).take_items();
    return {.there = items.at(0).as_integer() != 0, .sealed = text_in(std::move(items.at(1))).value_or("")};
}

expire_outcome outcome_in(const redis::reply& r) {
    const auto n = r.as_integer();
    return n == 0 ? expire_outcome::absent : n == 1 ? expire_outcome::done : expire_outcome::sealed;
}

std::optional<milliseconds> time_left_in(const redis::reply& r) {
    constexpr std::int64_t absent = -2, without_end = -1;
    const auto n = r.as_integer();
    return n == absent ? std::nullopt : std::optional(n == without_end ? forever : milliseconds(n));
}

replace_outcome replaced_in(redis::reply r) {
    auto items = std::move(r).take_items();
    return {.done = items.at(0).as_integer() != 0, .found = text_in(std::move(items.at(1)))};
}

lease_answer lease_in(redis::reply r) {
    auto items = std::move(r).take_items();
    return {.granted = items.at(0).as_integer() != 0, .ends = true, .value = text_in(std::move(items.at(1)))};
}

} // namespace infra::cache::redis_backend
