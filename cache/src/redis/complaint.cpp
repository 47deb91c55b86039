#include "complaint.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>

namespace infra::cache::redis_backend {

complaint complaint_in(const redis::reply& r) noexcept {
    // While it reads its data, runs a script for ever, has lost its master or its slots, it answers nobody.
    static constexpr std::array<std::string_view, 6> away{"LOADING",     "BUSY",     "MASTERDOWN",
                                                          "CLUSTERDOWN", "TRYAGAIN", "NOAUTH"};
    if (!r.is_error())
        return complaint::none;
    return std::ranges::find(away, r.error_code()) != away.end() ? complaint::away : complaint::refused;
}

bool may_pass(const redis::reply& r) noexcept {
    static constexpr std::array<std::string_view, 3> for_now{"OOM", "MISCONF", "NOREPLICAS"};
    return complaint_in(r) == complaint::away || std::ranges::find(for_now, r.error_code()) != for_now.end();
}

const redis::reply* worst_of(std::span<const redis::reply> replies) noexcept {
    const redis::reply* worst = nullptr;
    for (const auto& each : replies)
        if (each.is_error() && (!worst || complaint_in(each) < complaint_in(*worst)))
            worst = &each;
    return worst;
}

failure failure_of(const boost::system::error_code& code) noexcept {
    if (code == boost::asio::error::operation_aborted)
        return failure::abandoned;
    if (code == infra::errc::closed || code == infra::errc::invalid_input)
        return failure::ours;
    return failure::away;
}

} // namespace infra::cache::redis_backend
