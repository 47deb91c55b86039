#pragma once

// Where the keys of a command stand, and in a cluster so who gets it. No I/O.

#include "slot.hpp"

#include <infra/redis/command.hpp>

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace infra::redis::detail {

struct key_places {
    bool known = true;             ///< false: a server has to be asked (COMMAND GETKEYS)
    std::vector<std::size_t> at{}; ///< among the words; none for a command without keys
};

key_places keys_of(std::span<const std::string_view> words);

/// The same in slots.
struct slots_of_command {
    bool known = true;
    bool has_keys = false;
    bool crosses = false;   ///< keys in more than one slot
    std::uint16_t slot = 0; ///< of the first key
};

slots_of_command slots_of(const command& c);

/// Which nodes a command without keys is for.
enum class audience : std::uint8_t {
    any,      ///< whichever is there
    everyone, ///< every master; the first error, or else the first reply, is the reply
    sum,      ///< every master, whose numbers are added
    all_of,   ///< every master, whose lists are joined
    nobody,   ///< it would give a part for the whole
};

audience audience_of(const command& c);

} // namespace infra::redis::detail
