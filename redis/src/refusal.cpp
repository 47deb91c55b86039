#include "refusal.hpp"

#include "command_table.hpp"

#include <algorithm>
#include <string_view>

namespace infra::redis::detail {
namespace {

constexpr std::string_view of_a_replica = "READONLY You can't write against a read only replica.";
constexpr std::string_view of_a_replica_to_a_script =
    "READONLY You can not run script with write flag on readonly replica.";
constexpr std::string_view of_a_stale_one =
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
constexpr std::string_view while_loading = " is loading the dataset in memory"; // whatever the server calls itself
constexpr std::string_view discarded = "EXECABORT Transaction discarded because of: ";

refusal by_code(std::string_view code) {
    if (code == "READONLY")
        return refusal::replica;
    if (code == "MASTERDOWN")
        return refusal::stale;
    return code == "LOADING" ? refusal::loading : refusal::none;
}

// The first may be that of a call within a script, which cannot have written before on such a server.
bool is_refusal_of_the_server(std::string_view words) {
    if (words == of_a_replica_to_a_script || words == of_a_stale_one)
        return true;
    if (words.starts_with("LOADING "))
        return words.ends_with(while_loading);
    return words.starts_with(of_a_replica) &&
           (words.size() == of_a_replica.size() || words.substr(of_a_replica.size()).starts_with(" script: "));
}

std::string_view code_of_words(std::string_view words) { return words.substr(0, words.find(' ')); }

// Without what EXEC adds to what it was refused with.
std::string_view reason_in(const reply& r) {
    auto words = r.error_message();
    if (words.starts_with(discarded))
        words.remove_prefix(discarded.size());
    return words;
}

bool is_certainly_not_ready(const reply& r) {
    return is_not_ready(refusal_in(r)) && is_refusal_of_the_server(reason_in(r));
}

// Of MULTI … EXEC, of which all is done or nothing.
bool is_discarded(std::span<const command> commands, std::span<const reply> replies) {
    const auto& end = replies.back();
    if (refusal_in(end, commands.back()) != refusal::none)
        return true;
    if (end.error_code() != "EXECABORT")
        return false;
    for (std::size_t i = 0; i + 1 < replies.size(); ++i)
        if (refusal_in(replies[i], commands[i]) != refusal::none)
            return true;
    return false;
}

bool did_nothing(const command& c, const reply& r) {
    return refusal_in(r, c) != refusal::none || replay_of(c) == replay::read || (r.is_error() && !runs_a_script(c));
}

} // namespace

refusal refusal_in(const reply& r, const command& asked) {
    const auto told = refusal_in(r);
    const bool invented = told != refusal::none && runs_a_script(asked) && !is_refusal_of_the_server(r.error_message());
    return invented ? refusal::none : told;
}

refusal refusal_in(const reply& r) { return r.is_error() ? by_code(code_of_words(reason_in(r))) : refusal::none; }

bool is_beyond_doubt(std::span<const command> commands, std::span<const reply> replies) {
    return std::ranges::none_of(commands, runs_a_script) && std::ranges::any_of(replies, is_certainly_not_ready);
}

std::optional<std::size_t> unexecuted_from(std::span<const command> commands, std::span<const reply> replies,
                                           bool atomic) {
    if (atomic)
        return is_discarded(commands, replies) ? std::optional<std::size_t>(0) : std::nullopt;
    std::size_t first = 0;
    while (first < replies.size() && refusal_in(replies[first], commands[first]) == refusal::none)
        ++first;
    for (auto i = first; i < replies.size(); ++i)
        if (!did_nothing(commands[i], replies[i]))
            return std::nullopt;
    return first < replies.size() ? std::optional(first) : std::nullopt;
}

} // namespace infra::redis::detail
