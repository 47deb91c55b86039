#pragma once

// How many jobs of a queue may be started. Pure.

#include <infra/queue/operations.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace infra::queue::sqlite {

/// What a queue lets workers take: its settings, and how far its rate is used up.
struct queue_flow {
    queue_settings settings{};
    std::optional<std::int64_t> rate_from{}; ///< since when starts are counted, in Unix milliseconds
    std::size_t rate_started = 0;

    /// The limits of groups have changed, and those whose names come after this are still to hear of it.
    struct unsettled_groups {
        std::string after{};
        bool windows_too = false; ///< which begin anew

        friend bool operator==(const unsettled_groups&, const unsettled_groups&) = default;
    };
    std::optional<unsettled_groups> unsettled{};

    bool is_unlimited() const noexcept {
        return !settings.paused && settings.concurrency == 0 && settings.rate.max == 0 && settings.max_length == 0;
    }
    /// How many jobs may be started while so many are active.
    std::size_t allowance(std::int64_t active, std::int64_t now) const noexcept;
    /// Counts starts.
    void started(std::size_t n, std::int64_t now) noexcept;
    /// When a rate that is used up lets jobs start again; empty if it is not.
    std::optional<std::int64_t> opens_at() const noexcept;

    friend bool operator==(const queue_flow&, const queue_flow&) = default;

private:
    bool is_window_over(std::int64_t now) const noexcept;
};

} // namespace infra::queue::sqlite
