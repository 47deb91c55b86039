#include "demotion.hpp"

#include "command_table.hpp"

#include <algorithm>
#include <string_view>

namespace infra::redis::detail {
namespace {

constexpr std::string_view refusal = "READONLY You can't write against a read only replica.";
constexpr std::string_view refusal_of_a_script = "READONLY You can not run script with write flag on readonly replica.";

// A call within a script, which cannot have written before on such a server.
bool is_of_the_server(std::string_view words) {
    if (words == refusal_of_a_script)
        return true;
    return words.starts_with(refusal) &&
           (words.size() == refusal.size() || words.substr(refusal.size()).starts_with(" script: "));
}

// Of MULTI … EXEC, of which all is done or nothing.
bool is_discarded(std::span<const command> commands, std::span<const reply> replies) {
    const auto& end = replies.back();
    if (is_refused_by_a_replica(end, commands.back()))
        return true;
    if (end.error_code() != "EXECABORT")
        return false;
    for (std::size_t i = 0; i + 1 < replies.size(); ++i)
        if (is_refused_by_a_replica(replies[i], commands[i]))
            return true;
    return end.error_message().find("READONLY") != std::string_view::npos;
}

bool did_nothing(const command& c, const reply& r) {
    return is_refused_by_a_replica(r, c) || replay_of(c) == replay::read || (r.is_error() && !runs_a_script(c));
}

} // namespace

bool is_refused_by_a_replica(const reply& r, const command& asked) {
    return r.is_error() && r.error_code() == "READONLY" &&
           (!runs_a_script(asked) || is_of_the_server(r.error_message()));
}

std::optional<std::size_t> unexecuted_from(std::span<const command> commands, std::span<const reply> replies,
                                           bool atomic) {
    if (atomic)
        return is_discarded(commands, replies) ? std::optional<std::size_t>(0) : std::nullopt;
    std::size_t first = 0;
    while (first < replies.size() && !is_refused_by_a_replica(replies[first], commands[first]))
        ++first;
    for (auto i = first; i < replies.size(); ++i)
        if (!did_nothing(commands[i], replies[i]))
            return std::nullopt;
    return first < replies.size() ? std::optional(first) : std::nullopt;
}

} // namespace infra::redis::detail
