#pragma once

// What is said to sentinels and what their answers mean. No I/O.

#include "place.hpp"

#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::redis::detail {

/// Where the master is; asked together with the other sentinels.
command ask_for_master(const std::string& name);
command ask_for_sentinels(const std::string& name);

/// Empty when the sentinel knows no master of that name. Throws errc::protocol when it is no address, errc::server when
/// it is an error.
std::optional<address> master_in(const reply& r);

/// What is no address among them is left out: they are advice.
std::vector<address> sentinels_in(const reply& r);

/// The new address, if this message of +switch-master is about the master of that name.
std::optional<address> switched_to(std::string_view payload, std::string_view name);

/// Whom to ask, in which order. Those that were configured stay; those that were heard of come after them, up to a
/// bound.
class sentinel_list {
public:
    static constexpr std::size_t max_learned = 16;

    explicit sentinel_list(std::vector<address> configured) : all_(std::move(configured)) {}

    const std::vector<address>& order() const noexcept { return all_; }
    void answered(const address& who); ///< it is asked first from now on
    void learn(const std::vector<address>& others);

private:
    std::vector<address> all_;
    std::size_t learned_ = 0;
};

} // namespace infra::redis::detail
