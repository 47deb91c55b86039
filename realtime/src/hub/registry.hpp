#pragma once

#include "client.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::realtime::detail {

/// What one user or address may have; an IPv6 address counts with its /64.
std::string address_group(std::string_view address);

struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
};

/// What a client held when it was taken out.
struct leavings {
    std::vector<std::shared_ptr<subscription>> channels{};
    std::shared_ptr<client_watcher> session{};
};

/// Who is there, by id and by user, and how many of an address.
///
/// Threads: any. A client's guarded fields are read and written within with(), under the lock of its part.
class registry {
public:
    /// What keeps it out, close_code::replaced where the id is taken; empty once it is in.
    std::optional<close_code> add(const std::shared_ptr<client>& who, const hub_limits& limits);
    /// Takes it out, if it is there itself and no other of its name.
    std::optional<leavings> remove(const std::shared_ptr<client>& who);
    std::shared_ptr<client> find(std::string_view id) const;

    template <class Function>
    auto with(const client& who, Function function) const {
        const std::scoped_lock lock(part_of(who.id).mutex);
        return function();
    }

    std::vector<std::shared_ptr<client>> all() const; ///< in the order of registration
    /// At most `limit`, those after `after` in the order of ids.
    std::vector<std::shared_ptr<client>> page(std::string_view after, std::size_t limit) const;
    std::vector<std::shared_ptr<client>> of_user(std::string_view user) const;
    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

    /// Somebody else, or the same with a new token, stands behind it now. False when that user has too many.
    bool set_identity(const std::shared_ptr<client>& who, identity is, std::size_t max_of_user);

private:
    struct part {
        mutable std::mutex mutex;
        std::unordered_map<std::string_view, std::shared_ptr<client>> clients; // guarded; keys are those of the clients
    };
    const part& part_of(std::string_view id) const noexcept { return parts_[text_hash()(id) % parts_.size()]; }
    part& part_of(std::string_view id) noexcept { return parts_[text_hash()(id) % parts_.size()]; }

    bool is_of_user(const client& who, const std::string& user) const;
    bool enter_user(const std::shared_ptr<client>& who, const std::string& user, std::size_t max);
    void leave_user(const client& who, const std::string& user);
    bool enter_address(const std::string& group, std::size_t max);
    void leave_address(const std::string& group);

    std::array<part, 64> parts_{};
    std::atomic<std::size_t> size_{0};
    std::atomic<std::uint64_t> numbers_{0};

    mutable std::mutex mutex_; // taken last
    std::unordered_map<std::string, std::vector<std::shared_ptr<client>>, text_hash, std::equal_to<>>
        users_;                                                                          // guarded by mutex_
    std::unordered_map<std::string, std::size_t, text_hash, std::equal_to<>> addresses_; // guarded by mutex_
};

} // namespace infra::realtime::detail
