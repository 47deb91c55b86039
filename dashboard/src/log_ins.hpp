#pragma once

// Links that are good once, the sessions they begin, and how many wrong tokens an address may show.

#include <infra/base/clock.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::dashboard {

/// Only digests are kept: what is read out of this process's memory opens nothing.
///
/// Threads: any.
class log_ins {
public:
    static constexpr std::size_t most_links = 16;
    static constexpr std::size_t most_sessions = 1000;

    log_ins(clock& time, std::chrono::seconds session) noexcept : time_(time), session_(session) {}

    /// The token of a new link, 256 bits; good for so long, and once. The oldest of too many is good no more.
    std::string make_link(std::chrono::seconds good_for);

    /// A new session's token, if that is the token of a link; the oldest of too many sessions ends.
    std::optional<std::string> use_link(std::string_view token);

    bool knows(std::string_view session) const;
    void end(std::string_view session);
    std::size_t sessions() const;

private:
    using digest = std::array<unsigned char, 32>;
    struct kept {
        digest of;
        steady_time until;
    };
    static digest digest_of(std::string_view token);
    static std::vector<kept>::const_iterator find(const std::vector<kept>& in, std::string_view token,
                                                  steady_time now) noexcept;
    static std::string add(std::vector<kept>& to, std::size_t most, steady_time until);

    clock& time_;
    const std::chrono::seconds session_;
    mutable std::mutex mutex_;
    std::vector<kept> links_;    // guarded by mutex_; the oldest first
    std::vector<kept> sessions_; // likewise
};

/// Ten wrong tokens at once and ten a minute from an address; then nothing is compared any more for it.
///
/// Threads: any.
class wrong_tokens {
public:
    explicit wrong_tokens(clock& time) noexcept : time_(time) {}

    void add(const std::string& address);
    bool too_many(const std::string& address) const;

private:
    static constexpr int most = 10;
    static constexpr std::chrono::seconds one_is_forgotten{6};
    static constexpr std::size_t most_addresses = 1000;

    clock& time_;
    mutable std::mutex mutex_;
    std::map<std::string, steady_time> clear_at_; // when all of an address are forgotten; guarded by mutex_
};

} // namespace infra::dashboard
