#include "slot_map.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <algorithm>
#include <optional>
#include <string>

namespace infra::redis::detail {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw error(errc::protocol, "CLUSTER SLOTS answered " + why); }

std::int64_t number(const reply& r, std::int64_t lowest, std::int64_t highest, const char* what) {
    const auto n = r.type() == reply::kind::integer ? r.as_integer() : lowest - 1;
    if (n < lowest || n > highest)
        refuse("a " + std::string(what) + " that is none");
    return n;
}

bool is_list(const reply& r, std::size_t least) { return r.type() == reply::kind::array && r.items().size() >= least; }

// A node that knows no name for itself says nothing, or "", and means the host that was asked; "?" means that it knows
// none that would do.
std::optional<std::string> host_of(const reply& r, const address& asked) {
    if (r.is_null())
        return asked.host;
    if (r.type() != reply::kind::text || r.as_text().size() > 255)
        refuse("a host that is none");
    if (r.as_text() == "?")
        return std::nullopt;
    return r.as_text().empty() ? asked.host : r.as_text();
}

} // namespace

slot_map slot_map::from(const reply& cluster_slots, const address& asked) {
    throw_if_error(cluster_slots);
    if (!is_list(cluster_slots, 0))
        refuse("with " + std::string(to_string(cluster_slots.type())) + ", not with a list");
    if (cluster_slots.items().size() > all_slots)
        refuse("more ranges than there are slots");
    slot_map made;
    for (const auto& each : cluster_slots.items())
        made.add_range(each, asked);
    return made;
}

// [first, last, [host, port, …] of the master, replicas…]
void slot_map::add_range(const reply& range, const address& asked) {
    if (!is_list(range, 3) || !is_list(range.items()[2], 2))
        refuse("a range that is none");
    constexpr std::int64_t last_slot = all_slots - 1;
    const auto first = number(range.items()[0], 0, last_slot, "slot");
    const auto last = number(range.items()[1], first, last_slot, "slot");
    const auto& node = range.items()[2].items();
    const auto host = host_of(node[0], asked);
    const auto port = number(node[1], 0, 65535, "port");
    if (!host || port == 0) // port 0: it does not take connections of our kind, say TLS
        return;
    const auto who = number_of({.host = *host, .port = static_cast<std::uint16_t>(port)});
    std::fill(owners_.begin() + first, owners_.begin() + last + 1, who);
}

std::uint16_t slot_map::number_of(const address& master) {
    const auto at = std::ranges::find(masters_, master);
    if (at == masters_.end() && masters_.size() == max_masters)
        refuse("more than " + std::to_string(max_masters) + " masters");
    const auto number = static_cast<std::uint16_t>(at - masters_.begin());
    if (at == masters_.end())
        masters_.push_back(master);
    return number;
}

const address* slot_map::owner(std::uint16_t slot) const noexcept {
    const auto who = owners_[slot];
    return who == nobody ? nullptr : &masters_[who];
}

bool slot_map::has_master(const address& at) const noexcept {
    return std::ranges::find(masters_, at) != masters_.end();
}

bool slot_map::repoint(std::uint16_t slot, const address& to) {
    if (const auto* now = owner(slot); now && *now == to)
        return false;
    owners_[slot] = number_of(to);
    return true;
}

} // namespace infra::redis::detail
