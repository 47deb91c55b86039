#pragma once

// Writes that depend on what lies there: by comparing, so that nothing that came meanwhile is lost.

#include "core.hpp"

#include <functional>

namespace infra::cache::detail {

/// What is to lie under a key instead of what does.
struct change {
    std::string bytes{};
    std::chrono::milliseconds ttl = forever;
    bool keeps_time = false; ///< that of the old one, instead of ttl
};

/// Of what was found, empty where that is worth nothing: the change, or nothing to leave it as it is. May be asked again.
using decide_change = std::function<std::optional<change>(const std::optional<found_value>&)>;

/// True if something was changed. Throws what `decide` throws; infra::errc::overloaded where others always come first.
awaitable<bool> change_one(shared_core in, std::string place, decide_change decide);

awaitable<bool> expire(shared_core in, std::string key, std::chrono::milliseconds ttl);
awaitable<std::int64_t> increment(shared_core in, std::string key, std::int64_t by, std::chrono::milliseconds ttl);
awaitable<std::vector<bool>> set_if_absent(shared_core in, std::vector<new_entry> entries);
awaitable<std::size_t> erase(shared_core in, std::vector<std::string> places);

} // namespace infra::cache::detail
