#include "version_reads.hpp"

#include "commands.hpp"
#include "near_drops.hpp"
#include "near_reads.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

namespace infra::cache::redis_backend {
namespace {

using names_of_versions = std::vector<std::string>;
using numbers = std::vector<std::uint64_t>;

constexpr std::chrono::minutes after_a_refusal{1};

struct read_once {
    numbers found{};
    names_of_versions unheard{}; ///< on the server there is none, and so nobody would tell of the first
};

std::set<std::string> owed_of(const line& server, const names_of_versions& names) {
    std::set<std::string> owed;
    std::ranges::copy_if(names, std::inserter(owed, owed.end()), [&](const auto& n) { return server.owes(n); });
    return owed;
}

// A slot may be on its way to a master that nobody listens to yet. What is written to a key that lies at the old one makes it
// go from there, which that one tells; of a key that is nowhere it has nothing to tell.
bool would_be_told(const version_sources& from, const redis::reply& r) {
    return is_text(r) || !from.server->options().server.cluster;
}

awaitable<read_once> ask(version_sources from, names_of_versions names) {
    const auto tickets = tickets_for(from.near.get(), names);
    const auto owed_before = owed_of(*from.server, names);
    auto answer = co_await line::ask(from.server, get_command(names), purpose::recall);
    const auto said = answer ? all_in(std::move(*answer), names.size()) : std::nullopt;
    if (!said)
        co_return read_once{.found = seen_last(*from.held, from.near.get(), names)};
    read_once now;
    // An answer without what this process has made void, and the server is yet to be told, is none.
    const auto owed = owed_of(*from.server, names);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_owed = owed_before.contains(names[i]) || owed.contains(names[i]);
        now.found.push_back(is_owed ? unheard_of : number_in<std::uint64_t>((*said)[i]).value_or(0));
        if (is_owed || !from.near)
            continue;
        if (would_be_told(from, (*said)[i]))
            from.near->keep_version(tickets[i], names[i], now.found[i]);
        else
            now.unheard.push_back(names[i]);
    }
    from.held->saw(names, now.found);
    co_return now;
}

awaitable<bool> create(version_sources from, names_of_versions names, std::string number) {
    const dropped_at_end after(from.near, names);
    const auto done = co_await line::ask(from.server, create_commands(number, names), purpose::recall);
    co_return bool(done);
}

// Nothing that a reader has asked for: where it is refused, he is told what is there, and the next ones try no more.
awaitable<bool> begin_versions(version_sources from, names_of_versions names) {
    const auto& time = from.server->time();
    if (!from.held->may_begin(time.steady()))
        co_return false;
    const dropped_at_end after(from.near, names);
    const auto done = co_await line::ask(from.server, create_commands("0", names), purpose::aside);
    if (done.refused)
        from.held->begin_none_before(time.steady() + after_a_refusal);
    co_return bool(done);
}

// In place of those that `is_one` picks, in order, what was read of them since.
void put_in_place(numbers& found, const numbers& later, const std::function<bool(std::size_t)>& is_one) {
    auto at = later.begin();
    for (std::size_t i = 0; i < found.size() && at != later.end(); ++i)
        if (is_one(i))
            found[i] = *at++;
}

} // namespace

// A namespace that nobody can tell of is begun with 0, which says what its absence does. A tag has a version before there is
// anything to be made void.
awaitable<numbers> read_versions(version_sources from, names_of_versions names) {
    if (names.empty())
        co_return numbers();
    auto now = co_await ask(from, names);
    std::erase_if(now.unheard, [&](const auto& name) { return !from.held->knows(name); });
    if (now.unheard.empty() || !co_await begin_versions(from, now.unheard))
        co_return std::move(now.found);
    const std::set<std::string> begun(now.unheard.begin(), now.unheard.end());
    const auto later = co_await ask(std::move(from), std::move(now.unheard));
    put_in_place(now.found, later.found, [&](std::size_t i) { return begun.contains(names[i]); });
    co_return std::move(now.found);
}

awaitable<numbers> read_versions_to_store(version_sources from, names_of_versions names) {
    auto found = co_await read_versions(from, names);
    names_of_versions missing;
    for (std::size_t i = 0; i < names.size(); ++i)
        if (found[i] == 0)
            missing.push_back(names[i]);
    if (missing.empty())
        co_return found;
    const auto number = co_await line::next_version(from.server, purpose::recall);
    if (!number || !co_await create(from, missing, *number))
        co_return found;
    const auto created = co_await read_versions(std::move(from), std::move(missing));
    put_in_place(found, created, [&](std::size_t i) { return found[i] == 0; });
    co_return found;
}

} // namespace infra::cache::redis_backend
