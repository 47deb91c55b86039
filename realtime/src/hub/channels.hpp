#pragma once

#include "channel.hpp"
#include "registry.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::realtime::detail {

/// The channels that somebody hears, or that remember something.
///
/// Threads: any.
class channels {
public:
    channels(std::vector<channel_rule> rules, std::size_t max) : rules_(std::move(rules)), max_(max) {}

    std::shared_ptr<channel> find(std::string_view name) const;
    /// Where there are too many, those that nobody has heard or spoken in for longest make room; throws infra::errc::overloaded where all are
    /// heard.
    std::shared_ptr<channel> find_or_make(std::string_view name, steady_time now, bool with_epoch);
    const channel_options& options_of(std::string_view name) const noexcept { return options_for(rules_, name); }

    std::vector<std::shared_ptr<channel>> all() const; ///< in the order they came
    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

    /// Forgets it if it has nothing to remember, and nobody to hear it.
    void expire(std::string_view name, steady_time now);
    /// The same with each of part `i`, of parts().
    void expire_part(std::size_t i, steady_time now);
    static constexpr std::size_t parts() noexcept { return 64; }

private:
    struct idle_channel {
        std::shared_ptr<channel> which;
        steady_time since;
    };
    std::shared_ptr<channel> make(std::string_view name, steady_time now, bool with_epoch); ///< null: too many
    bool make_room(steady_time now);
    std::size_t worth_a_look() const noexcept;
    std::vector<idle_channel> longest_idle() const;
    void forget(const idle_channel& which);

    struct part {
        mutable std::mutex mutex;
        std::unordered_map<std::string, std::shared_ptr<channel>, text_hash, std::equal_to<>> channels; // guarded
    };
    const part& part_of(std::string_view name) const noexcept { return parts_[text_hash()(name) % parts()]; }

    const std::vector<channel_rule> rules_;
    const std::size_t max_;
    std::array<part, 64> parts_{};
    std::atomic<std::size_t> size_{0};
    std::atomic<std::uint64_t> numbers_{0};
    std::atomic<steady_time> look_again_at_{steady_time::min()}; // for idle ones, since there were few
};

} // namespace infra::realtime::detail
