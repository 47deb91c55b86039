#include "sentinel_talk.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace infra::redis::detail {
namespace {

std::optional<address> address_of(std::string_view host, std::string_view port) {
    std::uint16_t number = 0;
    const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
    const bool whole = problem == std::errc{} && end == port.data() + port.size() && number != 0;
    if (!whole || host.empty() || host.size() > 255)
        return std::nullopt;
    return address{.host = std::string(host), .port = number};
}

bool is_text(const reply& r) { return r.type() == reply::kind::text; }

bool is_list(const reply& r) { return r.type() == reply::kind::array || r.type() == reply::kind::map; }

// Names and values in turn, in either protocol.
std::string_view field(const reply& of, std::string_view name) {
    if (!is_list(of))
        return {};
    const auto& items = of.items();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2)
        if (is_text(items[i]) && is_text(items[i + 1]) && items[i].as_text() == name)
            return items[i + 1].as_text();
    return {};
}

} // namespace

command ask_for_master(const std::string& name) { return {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", name}; }
command ask_for_sentinels(const std::string& name) { return {"SENTINEL", "SENTINELS", name}; }

std::optional<address> master_in(const reply& r) {
    throw_if_error(r);
    if (r.is_null())
        return std::nullopt;
    const bool two = r.type() == reply::kind::array && r.items().size() == 2 && std::ranges::all_of(r.items(), is_text);
    auto found = two ? address_of(r.items()[0].as_text(), r.items()[1].as_text()) : std::nullopt;
    if (!found)
        throw error(errc::protocol, "it does not answer as sentinels do; check host and port");
    return found;
}

std::vector<address> sentinels_in(const reply& r) {
    std::vector<address> out;
    if (r.type() != reply::kind::array)
        return out;
    for (const auto& each : r.items())
        if (auto one = address_of(field(each, "ip"), field(each, "port")))
            out.push_back(std::move(*one));
    return out;
}

// `name old-host old-port new-host new-port`
std::optional<address> switched_to(std::string_view payload, std::string_view name) {
    std::array<std::string_view, 5> words;
    for (auto& each : words) {
        each = payload.substr(0, payload.find(' '));
        payload.remove_prefix(std::min(payload.size(), each.size() + 1));
    }
    if (!payload.empty() || words[0] != name)
        return std::nullopt;
    return address_of(words[3], words[4]);
}

void sentinel_list::ask_first(const address& who) {
    const auto at = std::ranges::find(order_, who);
    if (at != order_.end())
        std::rotate(order_.begin(), at, at + 1);
}

void sentinel_list::ask_last(const address& who) {
    const auto at = std::ranges::find(order_, who);
    if (at != order_.end())
        std::rotate(at, at + 1, order_.end());
}

void sentinel_list::told(const address& who, const address& master, std::vector<address> others) {
    std::erase_if(unproved_, [&](const answer& a) { return a.from == who; });
    unproved_.push_back({who, master, std::move(others)});
}

void sentinel_list::right(const address& master) {
    const auto said_it = [&](const answer& a) { return a.master == master; };
    const auto last = std::find_if(unproved_.rbegin(), unproved_.rend(), said_it);
    if (last == unproved_.rend())
        return;
    ask_first(last->from);
    learn(*last);
    std::erase_if(unproved_, said_it);
}

void sentinel_list::wrong(const address& master) {
    for (const auto& each : unproved_)
        if (each.master == master)
            ask_last(each.from);
    std::erase_if(unproved_, [&](const answer& a) { return a.master == master; });
}

// Where sentinels come and go, those that were heard of once would fill the list for ever.
void sentinel_list::learn(const answer& a) {
    const auto is_in = [](const std::vector<address>& all, const address& one) {
        return std::ranges::find(all, one) != all.end();
    };
    std::erase_if(order_, [&](const address& each) {
        return !is_in(configured_, each) && !is_in(a.others, each) && each != a.from;
    });
    for (const auto& each : a.others)
        if (order_.size() < configured_.size() + max_learned && !is_in(order_, each))
            order_.push_back(each);
}

} // namespace infra::redis::detail
