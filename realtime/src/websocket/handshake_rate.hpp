#pragma once

// How many handshakes a second: in all, and of one address a tenth of it, so that one client that comes back in circles leaves room for others.

#include <infra/base/time.hpp>

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace infra::realtime::websocket {

/// One IPv4 address, or the /64 of an IPv6 one, which one household has to itself; the text itself where it is no address.
std::string network_of(std::string_view address);

/// A second's worth may come at once.
///
/// Threads:  any.
class handshake_rate {
public:
    handshake_rate(double per_second, steady_time now);

    /// Whether one more may come now.
    bool take(std::string_view address, steady_time now);

    std::size_t remembered() const;

private:
    struct bucket {
        double left = 0;
        steady_time at{};
    };
    static void fill(bucket& b, double rate, double most, steady_time now) noexcept;
    bucket* bucket_of(std::string_view address, steady_time now);

    const double rate_;
    mutable std::mutex mutex_;
    steady_time forgot_at_{};                            // guarded by mutex_
    bucket all_;                                         // guarded by mutex_
    std::unordered_map<std::string, bucket> by_address_; // likewise; only those that have come in the last second
};

} // namespace infra::realtime::websocket
