#include "handshake_rate.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace infra::realtime::websocket {
namespace {

constexpr double share_of_one = 0.1;
constexpr std::size_t max_addresses = 10'000;

double most_at_once(double rate) noexcept { return std::max(1.0, rate); }

} // namespace

std::string network_of(std::string_view address) {
    namespace ip = boost::asio::ip;
    boost::system::error_code failed;
    const auto parsed = ip::make_address(std::string(address), failed);
    if (failed || parsed.is_v4())
        return std::string(address);
    const auto v6 = parsed.to_v6();
    if (v6.is_v4_mapped())
        return ip::make_address_v4(ip::v4_mapped, v6).to_string();
    auto bytes = v6.to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return ip::address_v6(bytes).to_string();
}

handshake_rate::handshake_rate(double per_second, steady_time now)
    : rate_(per_second), all_{.left = most_at_once(per_second), .at = now} {}

void handshake_rate::fill(bucket& b, double rate, double most, steady_time now) noexcept {
    const auto seconds = std::chrono::duration<double>(now - b.at).count();
    b.left = std::min(most, b.left + std::max(0.0, seconds) * rate);
    b.at = std::max(b.at, now);
}

// Who has not come for as long as it takes to fill a bucket need not be remembered. Looked for once in that time, not for each newcomer.
// Null when too many are remembered: then only the rate of all counts.
handshake_rate::bucket* handshake_rate::bucket_of(std::string_view address, steady_time now) {
    const auto rate = rate_ * share_of_one;
    const auto full = most_at_once(rate);
    const auto time_to_fill = std::chrono::duration<double>(full / rate);
    if (by_address_.size() >= max_addresses && now - forgot_at_ >= time_to_fill) {
        std::erase_if(by_address_, [&](const auto& each) { return now - each.second.at >= time_to_fill; });
        forgot_at_ = now;
    }
    auto name = network_of(address);
    if (by_address_.size() >= max_addresses && !by_address_.contains(name))
        return nullptr;
    auto& found = by_address_.try_emplace(std::move(name), bucket{.left = full, .at = now}).first->second;
    fill(found, rate, full, now);
    return &found;
}

bool handshake_rate::take(std::string_view address, steady_time now) {
    const std::scoped_lock lock(mutex_);
    fill(all_, rate_, most_at_once(rate_), now);
    auto* const theirs = bucket_of(address, now);
    if (all_.left < 1 || (theirs && theirs->left < 1))
        return false;
    all_.left -= 1;
    if (theirs)
        theirs->left -= 1;
    return true;
}

std::size_t handshake_rate::remembered() const {
    const std::scoped_lock lock(mutex_);
    return by_address_.size();
}

} // namespace infra::realtime::websocket
