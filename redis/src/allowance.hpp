#pragma once

// How much may lie somewhere at once.

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace infra::redis::detail {

/// Threads: any.
class allowance {
public:
    /// A part that is taken, given back with the object.
    class share {
    public:
        share(share&& other) noexcept : of_(std::move(other.of_)), items_(other.items_), bytes_(other.bytes_) {}
        share& operator=(share&&) = delete;
        ~share() {
            if (of_)
                of_->give_back(items_, bytes_);
        }

    private:
        friend class allowance;
        share(std::shared_ptr<allowance> of, std::size_t items, std::size_t bytes) noexcept
            : of_(std::move(of)), items_(items), bytes_(bytes) {}
        std::shared_ptr<allowance> of_;
        std::size_t items_;
        std::size_t bytes_;
    };

    allowance(std::size_t max_items, std::size_t max_bytes) noexcept : max_items_(max_items), max_bytes_(max_bytes) {}

    /// Empty when it would exceed a bound. What is alone is always given.
    static std::optional<share> take(const std::shared_ptr<allowance>& from, std::size_t items, std::size_t bytes) {
        const auto items_before = from->items_.fetch_add(items);
        const auto bytes_before = from->bytes_.fetch_add(bytes);
        share taken(from, items, bytes);
        const bool fits = items_before + items <= from->max_items_ && bytes_before + bytes <= from->max_bytes_;
        return fits || items_before == 0 ? std::optional(std::move(taken)) : std::nullopt;
    }

private:
    void give_back(std::size_t items, std::size_t bytes) noexcept {
        items_ -= items;
        bytes_ -= bytes;
    }

    const std::size_t max_items_;
    const std::size_t max_bytes_;
    std::atomic<std::size_t> items_{0};
    std::atomic<std::size_t> bytes_{0};
};

} // namespace infra::redis::detail
