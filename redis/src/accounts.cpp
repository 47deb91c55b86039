#include "accounts.hpp"

#include <algorithm>
#include <utility>

namespace infra::redis::detail {

void accounts::settle(const request& r, std::chrono::nanoseconds took) {
    const auto errors = r.failure ? 0u
                                  : static_cast<std::size_t>(std::ranges::count_if(
                                        r.replies, [](const reply& each) { return each.is_error(); }));
    ended_[static_cast<std::size_t>(outcome_of(r.failure))] += r.commands.size() - errors;
    ended_[static_cast<std::size_t>(outcome::error)] += errors;
    of_.count.took(took);
}

void accounts::report(const multiplexer& m) {
    for (std::size_t i = 0; i < ended_.size(); ++i)
        if (const auto n = std::exchange(ended_[i], 0); n > 0)
            of_.count.commands(static_cast<outcome>(i), n);
    if (const auto n = m.commands(); n != commands_) {
        const auto more = static_cast<std::ptrdiff_t>(n) - static_cast<std::ptrdiff_t>(commands_);
        of_.count.queued(more);
        of_.commands += static_cast<std::size_t>(more);
        commands_ = n;
    }
    if (const auto n = m.replayed(); n != replays_)
        of_.count.replayed(n - std::exchange(replays_, n));
}

} // namespace infra::redis::detail
