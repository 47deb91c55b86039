#pragma once

#include <infra/base/time.hpp>
#include <infra/realtime/channel.hpp>
#include <infra/realtime/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace infra::realtime::detail {

/// The last messages of a channel, encoded as they were sent.
///
/// Threads:  one at a time: its channel's lock.
class history_ring {
public:
    struct entry {
        frame what{};
        std::uint64_t offset = 0;
        steady_time until{};        ///< its own ttl's end, if that comes first
        steady_time wanted_until{}; ///< the channel's age's end
        std::string except{};
    };

    explicit history_ring(const history_options& options) noexcept : options_(options) {}

    /// `offset` is greater than all before.
    void append(frame what, std::uint64_t offset, steady_time now, std::optional<std::chrono::milliseconds> ttl,
                std::string except);
    void expire(steady_time now);
    void clear() noexcept;
    /// All of it, for a while; restore() puts it behind what was appended meanwhile.
    std::deque<entry> take() noexcept;
    void restore(std::deque<entry> entries);

    /// Whether nothing that was to be kept is missing behind `offset`. What has outlived its own ttl is not missed.
    bool reaches_back_to(std::uint64_t offset) const noexcept { return offset >= gone_; }
    /// What is there behind `offset`, but for what `client` was not to get.
    std::vector<const entry*> after(std::uint64_t offset, steady_time now, std::string_view client = {}) const;

    std::size_t size() const noexcept { return entries_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }
    /// When the last message came; the epoch of the clock before the first.
    steady_time last_at() const noexcept { return last_at_; }
    /// Everything up to here is not known: another history began there.
    void begin_after(std::uint64_t offset) noexcept {
        gone_ = offset;
        dropped_for_bytes_ = false;
    }
    /// Since then. A store that counts its bytes otherwise may have what went.
    bool dropped_for_bytes() const noexcept { return dropped_for_bytes_; }

private:
    void bound();
    void drop_front(bool outlived = false) noexcept;

    history_options options_;
    std::deque<entry> entries_{};
    std::size_t bytes_ = 0;
    std::uint64_t gone_ = 0; // the last offset that was dropped while somebody might still have wanted it
    bool dropped_for_bytes_ = false;
    steady_time last_at_{};
};

} // namespace infra::realtime::detail
