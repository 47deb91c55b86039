#pragma once

// Who may store what he loads, of the keys of one shard. The flights let only one at a time ask, so the last has it.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace infra::cache {

/// Threads: one at a time; the shard's lock is held.
class memory_leases {
public:
    /// Of a shard of so many bytes: more loads at once than an eighth of them has room for are given none, and what those bring
    /// is not stored.
    explicit memory_leases(std::size_t capacity) noexcept : budget_(std::max<std::size_t>(capacity / 8, 65'536)) {}

    void give(std::string_view key, const std::string& token) {
        drop(key);
        if (bytes_ + cost_of(key) > budget_)
            return;
        tokens_.emplace(key, token);
        bytes_ += cost_of(key);
    }

    bool is_held(std::string_view key, const std::string& token) const {
        const auto found = tokens_.find(key);
        return found != tokens_.end() && found->second == token;
    }

    void drop(std::string_view key) noexcept {
        if (tokens_.empty())
            return;
        const auto found = tokens_.find(key);
        if (found == tokens_.end())
            return;
        bytes_ -= cost_of(key);
        tokens_.erase(found);
    }

    std::size_t bytes() const noexcept { return bytes_; }

private:
    static std::size_t cost_of(std::string_view key) noexcept { return key.size() + 192; }

    const std::size_t budget_;
    std::map<std::string, std::string, std::less<>> tokens_; // by key
    std::size_t bytes_ = 0;
};

} // namespace infra::cache
