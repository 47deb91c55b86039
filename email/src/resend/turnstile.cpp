#include "turnstile.hpp"

#include <infra/base/with_deadline.hpp>
#include <infra/email/error.hpp>

#include <algorithm>

namespace infra::email::resend {
namespace {

send_error no_turn(std::string sentence, std::chrono::nanoseconds after) {
    return {
        infra::errc::overloaded,
        std::move(sentence),
        {.name = "overloaded",
         .retryable = true,
         .retry_after = std::chrono::ceil<std::chrono::milliseconds>(std::max(after, std::chrono::nanoseconds(0)))}};
}

} // namespace

/// One in the line, until it is let through or goes away.
class turnstile::place {
public:
    explicit place(turnstile& in) : in_(in) {
        const std::scoped_lock lock(in_.mutex_);
        if (in_.line_.size() >= in_.max_waiting_)
            throw no_turn("Resend: resend_options::max_waiting mails wait for their turn already", {});
        me_ = in_.line_.emplace(in_.line_.end());
    }
    ~place() {
        const std::scoped_lock lock(in_.mutex_);
        in_.line_.erase(me_);
        in_.wake_first();
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

    /// Nothing if it may go; otherwise when to ask again, unless it is woken before. Throws where that is too late.
    std::optional<deadline> ask(const executor& ex, deadline limit) {
        const std::scoped_lock lock(in_.mutex_);
        const auto now = in_.time_.steady();
        const bool is_first = in_.line_.begin() == me_;
        const auto next = in_.rate_.next(now);
        if (is_first && next && *next <= now) {
            in_.rate_.started(now);
            return std::nullopt;
        }
        // Others ask when they come, and stand last then.
        const auto earliest = in_.rate_.earliest(now, is_first ? 0 : in_.line_.size() - 1);
        if (limit.passed(std::max(earliest, now)))
            throw no_turn("Resend: the deadline comes before the mail's turn, for others are under way or the rate "
                          "limit is reached",
                          earliest - now);
        me_->wake.emplace(ex);
        return is_first && next ? earlier(limit, deadline(*next)) : limit;
    }

    awaitable<void> sleep(deadline until) const {
        const auto wake = *me_->wake;
        try {
            co_await with_deadline(wake.get(), until, in_.time_);
        } catch (const error& e) {
            if (e.code() != infra::errc::timed_out)
                throw;
        }
    }

private:
    turnstile& in_;
    line::iterator me_;
};

turnstile::turnstile(rate_limit keeps_to, std::size_t max_waiting, clock& time)
    : time_(time), max_waiting_(max_waiting), rate_(std::move(keeps_to)) {}

awaitable<void> turnstile::enter(deadline limit) {
    const auto ex = co_await asio::this_coro::executor;
    place mine(*this);
    while (const auto until = mine.ask(ex, limit))
        co_await mine.sleep(*until);
}

void turnstile::leave(const rate_words& said) {
    const std::scoped_lock lock(mutex_);
    rate_.ended(time_.steady(), said);
    wake_first();
}

void turnstile::wake_first() {
    if (!line_.empty() && line_.front().wake)
        line_.front().wake->set_value();
}

} // namespace infra::email::resend
