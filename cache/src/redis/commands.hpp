#pragma once

// The verbs in the words of the server, and its answers in ours. No I/O.

#include <infra/cache/store.hpp>
#include <infra/redis/command.hpp>
#include <infra/redis/reply.hpp>

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cache::redis_backend {

redis::command get_command(const std::vector<std::string>& keys);
/// What get_command() asks for, and then the PTTL of each.
redis::batch get_with_times(const std::vector<std::string>& keys);
redis::command set_command(const new_entry& e);
redis::command erase_command(const std::string& key);
redis::command expire_command(const std::string& key, std::chrono::milliseconds ttl);
redis::command add_command(const std::string& key, std::int64_t amount, std::chrono::milliseconds ttl);

/// A lease is held by `process token`; the process has a name that nobody else has.
redis::command replace_command(const replacement& r, const std::string& process);
redis::command lease_command(const lease_request& r, const std::string& process);
redis::command extend_lease_command(const lease_request& r, const std::string& process);
redis::command end_lease_command(const lease_request& r, const std::string& process);

redis::command acquire_command(const lock_request& r);
redis::command extend_command(const lock_request& r);
redis::command release_command(const lock_request& r);

/// Of all versions on the server.
redis::command next_version_command();
redis::batch raise_commands(const std::string& number, const std::vector<std::string>& names);
/// For those that are missing.
redis::batch create_commands(const std::string& number, const std::vector<std::string>& names);

/// With their leases.
redis::batch unlink_commands(const std::vector<std::string>& keys);

inline bool is_text(const redis::reply& r) noexcept { return r.type() == redis::reply::kind::text; }
std::optional<std::string> text_in(redis::reply r);
erased erased_in(redis::reply r);
expire_outcome outcome_in(const redis::reply& r);
std::optional<std::chrono::milliseconds> time_left_in(const redis::reply& r);
replace_outcome replaced_in(redis::reply r);
lease_answer lease_in(redis::reply r);

/// Whether it was so; the number that a lock has, or none; a sum. Throws errc::unavailable where it is nothing of the kind.
bool verdict_in(const redis::reply& r);
std::optional<std::uint64_t> fence_in(const redis::reply& r);
/// Throws errc::wrong_type where there was no number to add to.
std::int64_t sum_in(const redis::reply& r);

/// One for each of `n`; empty where that is not what came: what answers so is no Redis.
std::optional<std::vector<redis::reply>> all_in(redis::reply r, std::size_t n);
/// One for each of `n`, nothing for any where there are more or fewer: what answers so is no Redis.
std::vector<redis::reply> items_in(redis::reply r, std::size_t n);

/// Empty where there is nothing, or no number.
template <std::integral N>
std::optional<N> number_in(std::string_view text) {
    N n{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (problem != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return n;
}

template <std::integral N>
std::optional<N> number_in(const redis::reply& r) {
    return is_text(r) ? number_in<N>(std::string_view(r.as_text())) : std::nullopt;
}

template <class T, class Convert>
std::vector<T> each_in(std::vector<redis::reply> replies, Convert convert) {
    std::vector<T> out;
    out.reserve(replies.size());
    for (auto& one : replies)
        out.push_back(convert(std::move(one)));
    return out;
}

} // namespace infra::cache::redis_backend
