#include "hedge.hpp"

#include <infra/base/with_deadline.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <string_view>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::uint64_t longest_hedged = 512 << 10;

constexpr std::string_view first_request = "first";
constexpr std::string_view second_request = "second";

// Asked once more, a store that refuses would say the same.
bool is_refusal(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const storage_error& e) {
        return !e.retryable();
    } catch (...) {
        return false;
    }
}

/// What the two requests know of each other.
struct race {
    const core_ptr core;
    const get_request what;
    const deadline limit;
    bool asked_twice = false;
    std::string_view won{};         // empty until one has been answered
    std::optional<opened> answer{}; // of who won
    std::exception_ptr failure{};   // likewise, a refusal; until then, of the first

    bool is_over() const noexcept { return !won.empty() || (failure && !asked_twice); }

    void answered(std::string_view who, opened with) {
        if (!won.empty())
            return;
        won = who;
        answer = std::move(with);
    }
    void failed(std::string_view who, const std::exception_ptr& thrown) {
        if (!won.empty())
            return;
        const bool refused = is_refusal(thrown);
        if (refused)
            won = who;
        if (refused || who == first_request)
            failure = thrown;
    }
};

using race_ptr = std::shared_ptr<race>;

// Returns why it failed.
awaitable<std::exception_ptr> ask(race_ptr r, std::string_view who) {
    const auto& core = *r->core;
    try {
        r->answered(who, co_await with_deadline(core.to().get(r->what, r->limit), r->limit, core.time()));
        co_return nullptr;
    } catch (...) {
        const auto thrown = std::current_exception();
        r->failed(who, thrown);
        co_return thrown;
    }
}

awaitable<void> ask_first(race_ptr r) { co_await ask(std::move(r), first_request); }

awaitable<void> ask_later(race_ptr r) {
    const auto& core = *r->core;
    co_await core.time().sleep_for(core.options.hedge_after);
    turn mine(core.calls.in_turn());
    co_await mine.come(r->limit, "get " + r->what.key);
    if (!core.calls.spend_one())
        co_return;
    r->asked_twice = true;
    if (code_of(co_await ask(r, second_request)) == errc::throttled)
        mine.throttled();
}

awaitable<void> run_both(race_ptr r) {
    const auto ex = co_await asio::this_coro::executor;
    const auto once_over = [r](const std::exception_ptr&) {
        return r->is_over() ? asio::cancellation_type::all : asio::cancellation_type::none;
    };
    auto both = asio::experimental::make_parallel_group(asio::co_spawn(ex, ask_first(r), asio::deferred),
                                                        asio::co_spawn(ex, ask_later(r), asio::deferred));
    const auto [order, unasked, unhedged] = co_await std::move(both).async_wait(once_over, asio::use_awaitable);
    if (unasked)
        std::rethrow_exception(unasked);
}

} // namespace

bool may_be_short(const get_request& what) noexcept {
    if (!what.range)
        return true;
    const auto length = what.range->last ? what.range->last : what.range->length;
    return length && *length <= longest_hedged;
}

awaitable<opened> ask_and_hedge(core_ptr core, get_request what, deadline limit) {
    const bool hedges = core->options.hedge_after > std::chrono::milliseconds::zero() && core->to().traits().remote &&
                        may_be_short(what);
    if (!hedges)
        co_return co_await with_deadline(core->to().get(std::move(what), limit), limit, core->time());
    const auto r = std::make_shared<race>(std::move(core), std::move(what), limit);
    co_await run_both(r);
    if (r->asked_twice && !r->won.empty())
        r->core->metrics.hedged(r->won);
    if (!r->answer)
        std::rethrow_exception(r->failure);
    co_return std::move(*r->answer);
}

} // namespace infra::storage
