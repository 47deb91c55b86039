#include "failover_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace infra::email {
namespace {

// Whatever mail it was, the next one would have met the same.
bool is_of_the_transport(const boost::system::error_code& code) noexcept {
    const std::array<boost::system::error_code, 7> all{
        infra::errc::unavailable,   infra::errc::overloaded, infra::errc::timed_out, infra::errc::io,
        infra::errc::misconfigured, errc::unauthorized,      errc::quota_exceeded};
    return std::ranges::find(all, code) != all.end();
}

// Of those after which the mail may be accepted later.
std::chrono::milliseconds soonest(const std::vector<met>& failures) {
    auto least = std::chrono::milliseconds::max();
    for (const auto& each : failures)
        if (each.why.retryable())
            least = std::min(least, each.why.retry_after());
    return least;
}

} // namespace

bool moves_on(const send_error& why) noexcept {
    return !why.uncertain() && (why.retryable() || is_of_the_transport(why.code()));
}

bool needs_rest(const send_error& why) noexcept { return why.uncertain() || is_of_the_transport(why.code()); }

send_error failure_of_all(const std::vector<met>& failures) {
    std::string sentence;
    for (const auto& each : failures)
        sentence.append(sentence.empty() ? "" : "; ").append(each.transport).append(": ").append(each.why.what());
    const auto& last = failures.back().why;
    const auto retryable = std::ranges::find_if(failures, [](const met& each) { return each.why.retryable(); });
    const bool may_pass = moves_on(last) && retryable != failures.end();
    const auto& chosen = may_pass ? retryable->why : last;
    return {chosen.code(),
            std::move(sentence),
            {.name = chosen.name(),
             .status = chosen.status(),
             .retryable = chosen.retryable(),
             .uncertain = chosen.uncertain(),
             .safe_to_repeat = chosen.uncertain() && (failures.back().keeps_keys || last.safe_to_repeat()),
             .retry_after = may_pass ? soonest(failures) : chosen.retry_after()}};
}

std::vector<std::size_t> rests::order(steady_time now) const {
    std::vector<std::size_t> order;
    for (const bool resting : {false, true})
        for (std::size_t i = 0; i < until_.size(); ++i)
            if ((until_[i] > now) == resting)
                order.push_back(i);
    return order;
}

std::size_t holders::holder_of(const std::string& key, std::size_t otherwise) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() || found->second.holding == 0 ? otherwise : found->second.with;
}

void holders::begin(const std::string& key, std::size_t with) {
    if (by_key_.try_emplace(key).second)
        oldest_first_.push_back(key);
    if (oldest_first_.size() > most_) { // never the one that has just come
        by_key_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    auto& held = by_key_.at(key);
    held.with = with;
    ++held.holding;
}

bool holders::release(const std::string& key) {
    const auto found = by_key_.find(key);
    return found == by_key_.end() || found->second.holding == 0 || --found->second.holding == 0;
}

} // namespace infra::email
