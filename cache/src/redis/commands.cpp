#include "commands.hpp"

#include "../../../base/src/keep_openssl.hpp"
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
    infra::detail::keep_openssl();
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

// One counter for all versions on the server: that of a namespace has to exceed those of the namespaces around it, and in a
// cluster the clocks of two servers would not see to that.
redis::command next_version_command() {
    return scripts::next_version.call({"@@versions"}).again(redis::replay::idempotent);
}

redis::batch raise_commands(const std::string& number, const std::vector<std::string>& names) {
    redis::batch all;
    for (const auto& each : names)
        all.add(scripts::raise.call({each}, {number}).again(redis::replay::idempotent));
    return all;
}

redis::batch unlink_commands(const std::vector<std::string>& keys) {
    redis::batch all;
    for (const auto& key : keys)
        all.add({"UNLINK", key, beside(key, "lease")});
    return all;
}

redis::batch create_commands(const std::string& number, const std::vector<std::string>& names) {
    redis::batch all;
    for (const auto& each : names)
        all.add({"SET", each, number, "NX"});
    return all;
}

std::optional<std::vector<redis::reply>> all_in(redis::reply r, std::size_t n) {
    if (r.type() != redis::reply::kind::array || r.items().size() != n)
        return std::nullopt;
    return std::move(r).take_items();
}

std::vector<redis::reply> items_in(redis::reply r, std::size_t n) {
    return all_in(std::move(r), n).value_or(std::vector<redis::reply>(n));
}

std::optional<std::string> text_in(redis::reply r) {
    return is_text(r) ? std::optional(std::move(r).take_text()) : std::nullopt;
}

namespace {

/// What a script says and shows: whether it was so, and a value.
struct verdict_and_value {
    bool is_so = false;
    std::optional<std::string> value{};
};

[[noreturn]] void throw_no_answer(std::string_view to) {
    throw error(errc::unavailable, "the cache's store answered " + std::string(to) +
                                       " with something else; is there a Redis server behind its address?");
}

// Nothing where it is anything else: what answers so is no Redis.
std::optional<verdict_and_value> both_in(redis::reply r) {
    using kind = redis::reply::kind;
    if (r.type() != kind::array || r.items().size() != 2 || r.items()[0].type() != kind::integer)
        return std::nullopt;
    auto items = std::move(r).take_items();
    return verdict_and_value{items[0].as_integer() != 0, text_in(std::move(items[1]))};
}

} // namespace

erased erased_in(redis::reply r) {
    auto said = both_in(std::move(r)).value_or(verdict_and_value());
    return {.there = said.is_so, .sealed = std::move(said.value).value_or("")};
}

expire_outcome outcome_in(const redis::reply& r) {
    const auto n = r.type() == redis::reply::kind::integer ? r.as_integer() : 0;
    return n == 0 ? expire_outcome::absent : n == 1 ? expire_outcome::done : expire_outcome::sealed;
}

std::optional<milliseconds> time_left_in(const redis::reply& r) {
    constexpr std::int64_t absent = -2, without_end = -1;
    const auto n = r.type() == redis::reply::kind::integer ? r.as_integer() : absent;
    return n == absent ? std::nullopt : std::optional(n == without_end ? forever : milliseconds(n));
}

replace_outcome replaced_in(redis::reply r) {
    auto said = both_in(std::move(r));
    if (!said)
        return {.unanswered = true};
    return {.done = said->is_so, .found = std::move(said->value)};
}

lease_answer lease_in(redis::reply r) {
    auto said = both_in(std::move(r));
    if (!said)
        throw_no_answer("a lease");
    return {.granted = said->is_so, .ends = true, .value = std::move(said->value)};
}

bool verdict_in(const redis::reply& r) {
    if (r.type() != redis::reply::kind::integer)
        throw_no_answer("for a lock or a lease");
    return r.as_integer() != 0;
}

std::optional<std::uint64_t> fence_in(const redis::reply& r) {
    if (r.is_null())
        return std::nullopt;
    const auto number = number_in<std::uint64_t>(r);
    if (!number)
        throw_no_answer("for a lock");
    return number;
}

std::int64_t sum_in(const redis::reply& r) {
    if (r.is_null())
        throw error(errc::wrong_type, "there is a value that is no whole number, or the sum has no room in 64 bits");
    const auto sum = number_in<std::int64_t>(r);
    if (!sum)
        throw_no_answer("an increment");
    return *sum;
}

} // namespace infra::cache::redis_backend
