#include "redirect.hpp"

#include "command_keys.hpp"
#include "command_table.hpp"
#include "refusal.hpp"
#include "slot.hpp"

#include <infra/base/backoff.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace infra::redis::detail {
namespace {

using kind = redirection::kind;

constexpr int direct_hops = 3; // one for a slot that has moved, one while it moves, one for bad luck

const backoff between_attempts{.type = backoff::kind::exponential,
                               .delay = std::chrono::milliseconds(10),
                               .max = std::chrono::milliseconds(500),
                               .jitter = 0.5};

template <class Number>
std::optional<Number> number_up_to(std::string_view text, Number highest) {
    Number out{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
    const bool whole = problem == std::errc{} && end == text.data() + text.size() && out <= highest;
    return whole ? std::optional(out) : std::nullopt;
}

// `host:port`; the host may be an IPv6 address without brackets, or nothing.
std::optional<address> place_in(std::string_view text, const address& from) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || text.size() > 262)
        return std::nullopt;
    const auto port = number_up_to<std::uint16_t>(text.substr(colon + 1), 65535);
    const auto host = text.substr(0, colon);
    if (!port || *port == 0 || host == "?")
        return std::nullopt;
    return address{.host = host.empty() ? from.host : std::string(host), .port = *port};
}

// `MOVED 3999 127.0.0.1:6381`
redirection elsewhere(kind type, std::string_view words, const address& from) {
    words.remove_prefix(words.find(' ') + 1);
    const auto space = words.find(' ');
    if (space == std::string_view::npos)
        return {.type = kind::down};
    const auto slot = number_up_to<std::uint16_t>(words.substr(0, space), all_slots - 1);
    auto to = place_in(words.substr(space + 1), from);
    if (!slot || !to)
        return {.type = kind::down};
    return {.type = type, .slot = *slot, .to = std::move(*to)};
}

// What servers say before they run a script.
constexpr std::array<std::string_view, 4> words_of_servers{
    "TRYAGAIN Multiple keys request during rehashing of slot", "CLUSTERDOWN Hash slot not served",
    "CLUSTERDOWN The cluster is down", "CLUSTERDOWN The cluster is down and only accepts read commands"};

bool is_redirection_of_the_server(const redirection& told, std::string_view words, const command& script) {
    if (told.type == kind::try_again || told.type == kind::down)
        return std::ranges::find(words_of_servers, words) != words_of_servers.end();
    const auto where = slots_of(script);
    return where.has_keys && where.slot == told.slot;
}

} // namespace

redirection redirection_in(const reply& r, const address& from) {
    if (!r.is_error())
        return {};
    const auto code = r.error_code();
    if (code == "MOVED")
        return elsewhere(kind::moved, r.error_message(), from);
    if (code == "ASK")
        return elsewhere(kind::ask, r.error_message(), from);
    if (code == "TRYAGAIN")
        return {.type = kind::try_again};
    if (code == "CLUSTERDOWN" || r.error_message().starts_with("UNBLOCKED force unblock"))
        return {.type = kind::down};
    return {};
}

redirection redirection_in(const reply& r, const address& from, const command& asked) {
    auto told = redirection_in(r, from);
    if (told.type == kind::none)
        return {.type = is_not_ready(refusal_in(r, asked)) ? kind::down : kind::none};
    const bool invented = runs_a_script(asked) && !is_redirection_of_the_server(told, r.error_message(), asked);
    return invented ? redirection() : told;
}

redirect_policy::decision redirect_policy::decide(kind of, double chance) {
    using std::chrono::milliseconds;
    if (of == kind::none)
        return {};
    if (of == kind::try_again || of == kind::down)
        return {
            .again = true, .wait = delay_before_retry(between_attempts, ++waits_, chance), .refresh = of == kind::down};
    if (++hops_ > max_hops)
        return {};
    const auto wait =
        hops_ <= direct_hops ? milliseconds(0) : delay_before_retry(between_attempts, hops_ - direct_hops, chance);
    return {.again = true, .wait = wait, .refresh = of == kind::moved};
}

} // namespace infra::redis::detail
