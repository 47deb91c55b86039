#include "slot_map.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace infra::redis::detail {
namespace {

[[noreturn]] void refuse_answer(const std::string& why) {
    throw error(errc::protocol, "CLUSTER SLOTS answered " + why);
}

std::int64_t integer_in(const reply& r, std::int64_t lowest, std::int64_t highest, const char* what) {
    const auto n = r.type() == reply::kind::integer ? r.as_integer() : lowest - 1;
    if (n < lowest || n > highest)
        refuse_answer("a " + std::string(what) + " that is none");
    return n;
}

bool is_array(const reply& r, std::size_t least) { return r.type() == reply::kind::array && r.items().size() >= least; }

std::string text_or_nothing(const reply::list& of, std::size_t at) {
    return of.size() > at && of[at].type() == reply::kind::text ? of[at].as_text() : std::string();
}

} // namespace

/// Makes a map of one reply. What it does is bounded by the number of slots, whatever the reply says.
class slot_map::reader {
public:
    reader(const address& asked, const slot_map* before) : asked_(asked), before_(before) {}

    void add(const reply& range);
    slot_map take() { return std::move(made_); }

private:
    std::optional<std::string> host_of(const reply& told, const std::string& id, std::uint16_t port) const;
    std::uint16_t number_of(address master, std::string id);

    const address& asked_;
    const slot_map* const before_;
    slot_map made_;
    std::unordered_map<address, std::uint16_t, address_hash> numbers_;
    std::int64_t slots_ = 0;
};

slot_map slot_map::from(const reply& cluster_slots, const address& asked, const slot_map* before) {
    throw_if_error(cluster_slots);
    if (!is_array(cluster_slots, 0))
        refuse_answer("with " + std::string(to_string(cluster_slots.type())) + ", not with a list");
    reader reads(asked, before);
    for (const auto& each : cluster_slots.items())
        reads.add(each);
    return reads.take();
}

// [first, last, [host, port, id, …] of the master, replicas…]
void slot_map::reader::add(const reply& range) {
    if (!is_array(range, 3) || !is_array(range.items()[2], 2))
        refuse_answer("a range that is none");
    constexpr std::int64_t last_slot = all_slots - 1;
    const auto first = integer_in(range.items()[0], 0, last_slot, "slot");
    const auto last = integer_in(range.items()[1], first, last_slot, "slot");
    slots_ += last - first + 1;
    if (slots_ > std::int64_t{all_slots})
        refuse_answer("more slots than there are");
    const auto& node = range.items()[2].items();
    auto id = text_or_nothing(node, 2);
    const auto port = static_cast<std::uint16_t>(integer_in(node[1], 0, 65535, "port"));
    const auto host = host_of(node[0], id, port);
    if (!host || port == 0) // port 0: it does not take connections of our kind, say TLS
        return;
    const auto who = number_of({.host = *host, .port = port}, std::move(id));
    std::fill(made_.owners_.begin() + first, made_.owners_.begin() + last + 1, who);
}

// A node that knows no name for itself says nothing, or "", and means the host that was asked; "?" means that it knows
// none that would do. What others call it is better, or each question would find it elsewhere.
std::optional<std::string> slot_map::reader::host_of(const reply& told, const std::string& id,
                                                     std::uint16_t port) const {
    if (!told.is_null() && (told.type() != reply::kind::text || told.as_text().size() > 255))
        refuse_answer("a host that is none");
    if (!told.is_null() && told.as_text() == "?")
        return std::nullopt;
    if (!told.is_null() && !told.as_text().empty())
        return told.as_text();
    for (std::size_t i = 0; before_ && !id.empty() && i < before_->masters_.size(); ++i)
        if (before_->ids_[i] == id && before_->masters_[i].port == port)
            return before_->masters_[i].host;
    return asked_.host;
}

std::uint16_t slot_map::reader::number_of(address master, std::string id) {
    if (const auto known = numbers_.find(master); known != numbers_.end())
        return known->second;
    const auto number = made_.add_master(master, std::move(id));
    numbers_.emplace(std::move(master), number);
    return number;
}

std::uint16_t slot_map::add_master(address at, std::string id) {
    if (masters_.size() == max_masters)
        refuse_answer("more than " + std::to_string(max_masters) + " masters");
    masters_.push_back(std::move(at));
    ids_.push_back(std::move(id));
    return static_cast<std::uint16_t>(masters_.size() - 1);
}

const address* slot_map::owner(std::uint16_t slot) const noexcept {
    const auto who = owners_[slot];
    return who == nobody ? nullptr : &masters_[who];
}

bool slot_map::has_master(const address& at) const noexcept {
    return std::ranges::find(masters_, at) != masters_.end();
}

std::size_t slot_map::slots_served() const noexcept {
    return owners_.size() - static_cast<std::size_t>(std::ranges::count(owners_, nobody));
}

bool slot_map::repoint(std::uint16_t slot, const address& to) {
    if (const auto* now = owner(slot); now && *now == to)
        return false;
    const auto at = std::ranges::find(masters_, to);
    owners_[slot] = at == masters_.end() ? add_master(to, {}) : static_cast<std::uint16_t>(at - masters_.begin());
    return true;
}

// `cluster_current_epoch:6` on a line of its own
std::uint64_t epoch_in(const reply& cluster_info) {
    constexpr std::string_view name = "cluster_current_epoch:";
    const auto kind = cluster_info.type();
    if (kind != reply::kind::text && kind != reply::kind::verbatim)
        return 0;
    const std::string_view all = cluster_info.as_text();
    const auto at = all.find(name);
    std::uint64_t epoch = 0;
    if (at != std::string_view::npos)
        std::from_chars(all.data() + at + name.size(), all.data() + all.size(), epoch);
    return epoch;
}

} // namespace infra::redis::detail
