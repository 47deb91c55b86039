#include "complaints.hpp"

#include <infra/base/telemetry.hpp>

namespace infra::redis::detail {
namespace {

constexpr auto again_after = std::chrono::minutes(1);
constexpr std::size_t max_known = 256; // servers of a cluster come and go
constexpr std::size_t brief = 200;

} // namespace

std::optional<std::uint64_t> complaints::tell(const std::string& what, const std::string& whom, const std::string& why,
                                              steady_time now) {
    const std::scoped_lock lock(mutex_);
    if (known_.size() >= max_known)
        known_.clear();
    const auto [it, is_new] = known_.try_emplace({what, whom});
    auto& last = it->second;
    if (!is_new && last.why == why && now - last.at < again_after) {
        ++last.untold;
        return std::nullopt;
    }
    const auto untold = std::exchange(last, {why, now, 0}).untold;
    return untold;
}

void complaints::mended(const std::string& what, const std::string& whom) {
    const std::scoped_lock lock(mutex_);
    known_.erase({what, whom});
}

// "ERR unknown command 'X', with args beginning with: 'secret'": from here on it is the caller's own words.
std::string_view without_arguments(std::string_view said) noexcept {
    return said.substr(0, said.find(", with args beginning with"));
}

std::string in_brief(std::string_view said) {
    const auto own = without_arguments(said);
    if (own.size() <= brief)
        return std::string(own);
    auto end = brief;
    while (end > 0 && (static_cast<unsigned char>(own[end]) & 0xc0) == 0x80) // in the middle of a character
        --end;
    return std::string(own.substr(0, end)) + "…";
}

void complain(complaints& of, const std::string& what, const std::string& server, const std::string& why,
              steady_time now) {
    if (const auto untold = of.tell(what, server, why, now))
        telemetry::log(level::warn, "redis", what, {{"server", server}, {"why", why}, {"untold", *untold}});
}

} // namespace infra::redis::detail
