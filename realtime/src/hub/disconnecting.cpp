// Users that are disconnected, here and elsewhere.

#include "hub_state.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace infra::realtime::detail {
namespace {

constexpr std::chrono::seconds between_attempts{1};
constexpr std::chrono::hours worth_saying{1};
constexpr std::size_t most_unsaid = 1'000;

/// One of those who wait until it can be said. Few enough do.
class place_in_line {
public:
    explicit place_in_line(std::shared_ptr<life> of) : of_(std::move(of)), is_one_(++of_->unsaid <= most_unsaid) {}
    ~place_in_line() { --of_->unsaid; }
    place_in_line(const place_in_line&) = delete;
    place_in_line& operator=(const place_in_line&) = delete;

    bool is_one() const noexcept { return is_one_; }

private:
    const std::shared_ptr<life> of_;
    const bool is_one_;
};

awaitable<bool> say(broker& to, disconnection what, bool may_fail) {
    try {
        co_await to.disconnect_everywhere(std::move(what));
        co_return true;
    } catch (const boost::system::system_error& e) {
        if (!may_fail || e.code() != infra::errc::unavailable)
            throw;
    }
    co_return false;
}

// As long as the hub runs; who hears it twice knows it by its id.
awaitable<void> say_until_heard(std::shared_ptr<broker> to, disconnection what, std::shared_ptr<life> living,
                                clock& time) {
    const place_in_line place(living);
    const auto ex = co_await asio::this_coro::executor;
    std::optional<promise<void>> over; // it keeps all who ever listened
    const auto until = deadline::after(worth_saying, time.steady());
    while (!co_await say(*to, what, place.is_one() && living->runs() && !until.passed(time.steady()))) {
        if (!over)
            over = living->over.listener(ex);
        if (co_await told_within(*over, deadline::after(between_attempts, time.steady()), time))
            throw error(infra::errc::unavailable, "the hub was stopped before there was a link");
    }
}

} // namespace

std::size_t hub_state::close_user(std::string_view user, close_code code) {
    disconnected.note(user); // first: who is admitted from here on is among them, or is refused
    std::size_t closed = 0;
    for (const auto& each : clients.of_user(user))
        closed += close(each, code, "");
    return closed;
}

void hub_state::close_elsewhere(std::string_view user, close_code code) {
    if (!others)
        return;
    disconnection what{.user = std::string(user), .code = code, .id = random_hex(8)};
    obeyed_.use({}, what.id, now()); // here it is done
    auto told = [name = options.name](const std::exception_ptr& failed) {
        if (failed)
            telemetry::log(level::warn, "realtime", "a user was not disconnected from the other nodes",
                           {{"hub", name}, {"error", describe(failed)}});
    };
    asio::co_spawn(work_executor(), say_until_heard(options.broker, std::move(what), living, *time_), std::move(told));
}

// Again, it might close a connection that has come in between.
void hub_state::heard_disconnection(const disconnection& what) {
    if (what.id.empty() || obeyed_.use({}, what.id, now()))
        close_user(what.user, what.code);
}

} // namespace infra::realtime::detail
