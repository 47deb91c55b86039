#pragma once

// Who has which slot of a cluster. No I/O.

#include "place.hpp"
#include "slot.hpp"

#include <infra/redis/reply.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace infra::redis::detail {

class slot_map {
public:
    /// More masters than any cluster has; a reply with more is refused.
    static constexpr std::size_t max_masters = 1024;

    slot_map() { owners_.fill(nobody); }

    /// From CLUSTER SLOTS, as `asked` answered it. Who does not tell his host is where others said `before` that he is,
    /// otherwise at the host that was asked. Throws errc::protocol when it is nothing of the kind.
    static slot_map from(const reply& cluster_slots, const address& asked, const slot_map* before = nullptr);

    /// Null where nobody has it.
    const address* owner(std::uint16_t slot) const noexcept;
    const std::vector<address>& masters() const noexcept { return masters_; }
    bool has_master(const address& at) const noexcept;
    std::size_t slots_served() const noexcept; ///< by anybody

    /// Of two maps the one with the higher epoch is the newer; 0 where it is not known.
    std::uint64_t epoch() const noexcept { return epoch_; }
    void set_epoch(std::uint64_t epoch) noexcept { epoch_ = epoch; }

    /// True when that was news.
    bool repoint(std::uint16_t slot, const address& to);

private:
    static constexpr std::uint16_t nobody = 0xffff;

    class reader;

    std::uint16_t add_master(address at, std::string id);

    std::array<std::uint16_t, all_slots> owners_;
    std::vector<address> masters_;
    std::vector<std::string> ids_; // of masters_; empty where it is not known
    std::uint64_t epoch_ = 0;
};

/// What CLUSTER INFO says of the sender's epoch; 0 where it says nothing.
std::uint64_t epoch_in(const reply& cluster_info);

} // namespace infra::redis::detail
