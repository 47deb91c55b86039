#pragma once

#include <infra/realtime/options.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace infra::realtime::detail {

/// Who has been disconnected lately, so that nobody comes in by a proof that was asked for before.
///
/// Threads: any.
class disconnects {
public:
    explicit disconnects(std::size_t most_users = 10'000) noexcept : most_(most_users) {}

    void note(std::string_view user);
    std::uint64_t count() const; ///< by now
    /// Since there were so many. Of users who have been forgotten, yes.
    bool has_been(std::string_view user, std::uint64_t since) const;
    /// Whose proof was asked for before that.
    bool has_been(const identity& who) const;

private:
    const std::size_t most_;
    mutable std::mutex mutex_;
    std::uint64_t count_ = 0;                                  // guarded by mutex_
    std::uint64_t forgotten_ = 0;                              // guarded by mutex_: the last one's number
    std::map<std::string, std::uint64_t, std::less<>> latest_; // guarded by mutex_
    std::map<std::uint64_t, std::string> in_order_;            // guarded by mutex_
};

} // namespace infra::realtime::detail
