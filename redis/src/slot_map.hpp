#pragma once

// Who has which slot of a cluster. No I/O.

#include "place.hpp"
#include "slot.hpp"

#include <infra/redis/reply.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace infra::redis::detail {

class slot_map {
public:
    /// More masters than any cluster has; a reply with more is refused.
    static constexpr std::size_t max_masters = 1024;

    slot_map() { owners_.fill(nobody); }

    /// From CLUSTER SLOTS, as `asked` answered it, whose host stands for one that is not told. Throws errc::protocol when
    /// it is nothing of the kind.
    static slot_map from(const reply& cluster_slots, const address& asked);

    /// Null where nobody has it.
    const address* owner(std::uint16_t slot) const noexcept;
    const std::vector<address>& masters() const noexcept { return masters_; }
    bool has_master(const address& at) const noexcept;

    /// True when that was news.
    bool repoint(std::uint16_t slot, const address& to);

private:
    static constexpr std::uint16_t nobody = 0xffff;

    std::uint16_t number_of(const address& master);
    void add_range(const reply& range, const address& asked);

    std::array<std::uint16_t, all_slots> owners_;
    std::vector<address> masters_;
};

} // namespace infra::redis::detail
