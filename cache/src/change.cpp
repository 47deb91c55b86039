#include "change.hpp"

#include "decimal.hpp"

#include <algorithm>

namespace infra::cache::detail {
namespace {

using std::chrono::milliseconds;

constexpr int most_tries = 100; // each that fails, another's succeeded

bool is_worth_something(const core& in, const std::optional<found_value>& found) {
    return found && is_plainly_there(*found, in.now_ms());
}

awaitable<std::optional<std::string>> bytes_at(shared_core in, std::string place) {
    std::vector<std::string> one;
    one.push_back(std::move(place));
    auto bytes = co_await in->shared->stored->get(std::move(one));
    co_return std::move(bytes.front());
}

// A number that others can read goes on as it is; what is worth nothing begins anew.
std::pair<std::int64_t, change> incremented(const core& in, const std::optional<found_value>& found, std::int64_t by,
                                            milliseconds ttl) {
    if (!is_worth_something(in, found))
        return {by, {.bytes = std::to_string(by), .ttl = ttl}};
    const auto sum = sum_of(found->value.raw ? "" : found->value.bytes, by);
    const auto text = std::to_string(sum);
    return {sum, {.bytes = found->cover ? seal(*found->cover, text) : text, .keeps_time = true}};
}

} // namespace

awaitable<bool> change_one(shared_core in, std::string place, decide_change decide) {
    auto seen = co_await bytes_at(in, place);
    for (int tries = 0; tries < most_tries; ++tries) {
        const auto found = co_await interpret_one(in, seen);
        auto what = decide(found);
        if (!what)
            co_return false;
        auto outcome = co_await in->shared->stored->replace(
            {.entry = {.key = place, .value = std::move(what->bytes), .ttl = what->ttl},
             .seen = std::move(seen),
             .keeps_time = what->keeps_time});
        if (outcome.done || outcome.unanswered)
            co_return outcome.done;
        seen = std::move(outcome.found);
    }
    throw error(infra::errc::overloaded, "a cached value is changed by so many that this change never had its turn");
}

awaitable<bool> expire(shared_core in, std::string key, milliseconds ttl) {
    auto place = co_await key_in_store(in, std::move(key));
    std::vector<std::string> one{place};
    const auto outcome = co_await in->shared->stored->expire(std::move(one), ttl);
    if (outcome.front() != expire_outcome::sealed)
        co_return outcome.front() == expire_outcome::done;
    decide_change extended = [in, ttl](const std::optional<found_value>& found) -> std::optional<change> {
        if (!is_worth_something(*in, found))
            return std::nullopt;
        auto entry = entry_for({}, plan_extended(in->now_ms(), *found, ttl), found->value.bytes);
        return change{.bytes = std::move(entry.value), .ttl = entry.ttl};
    };
    co_return co_await change_one(in, std::move(place), std::move(extended));
}

awaitable<std::int64_t> increment(shared_core in, std::string key, std::int64_t by, milliseconds ttl) {
    auto place = co_await key_in_store(in, std::move(key));
    try {
        co_return co_await in->shared->stored->add(place, by, ttl);
    } catch (const error& e) {
        if (e.code() != errc::wrong_type)
            throw;
    }
    // Something else, or a number in an envelope, which only we can open.
    std::int64_t sum = 0;
    decide_change add = [&](const std::optional<found_value>& found) {
        auto [added, what] = incremented(*in, found, by, ttl);
        sum = added;
        return std::optional(std::move(what));
    };
    if (!co_await change_one(in, std::move(place), std::move(add)))
        throw error(errc::unavailable,
                    "the cache's store is away: nothing was added to the number, and what it is nobody knows");
    co_return sum;
}

awaitable<std::vector<bool>> set_if_absent(shared_core in, std::vector<new_entry> entries) {
    auto done = co_await in->shared->stored->set(entries);
    for (std::size_t i = 0; i < done.size(); ++i) {
        if (done[i])
            continue;
        auto& mine = entries[i];
        decide_change unless_there = [&](const std::optional<found_value>& found) -> std::optional<change> {
            if (is_worth_something(*in, found))
                return std::nullopt;
            return change{.bytes = mine.value, .ttl = mine.ttl};
        };
        done[i] = co_await change_one(in, mine.key, std::move(unless_there));
    }
    co_return done;
}

awaitable<std::size_t> erase(shared_core in, std::vector<std::string> places) {
    const auto gone = co_await in->shared->stored->erase(std::move(places));
    std::vector<std::optional<std::string>> sealed;
    std::ptrdiff_t count = 0;
    for (const auto& each : gone)
        if (!each.sealed.empty())
            sealed.emplace_back(each.sealed);
        else
            count += each.there;
    const auto found = co_await interpret(in, std::move(sealed));
    count += std::ranges::count_if(found, [&in](const auto& each) { return is_worth_something(*in, each); });
    co_return static_cast<std::size_t>(count);
}

} // namespace infra::cache::detail
