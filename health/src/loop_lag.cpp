#include "thresholds.hpp"

#include <infra/health/loop_lag.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace infra::health {
namespace {

using stopwatch = std::chrono::steady_clock;

struct loop_of {
    executor ex;
    std::shared_ptr<loop_gate> gate;              // a check left behind at the end of the process may outlive the loop
    std::optional<stopwatch::time_point> asked{}; // and has not come round
    stopwatch::duration lag{};
};

std::vector<loop_of> loops_of(const loop_lag_check_options& options) {
    std::vector<loop_of> out;
    const auto add = [&out](const executor& ex) { out.push_back({.ex = ex, .gate = loop_gate::of(ex)}); };
    for (const auto& each : options.loops)
        add(each);
    if (out.empty())
        for (std::size_t i = 0; i < default_loops().size(); ++i)
            add(default_loops()[i].get_executor());
    return out;
}

double ms(stopwatch::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

std::string sentence(double lag_ms, bool came_round) {
    const auto text = std::to_string(static_cast<long long>(lag_ms));
    return came_round ? "a loop came round after " + text + " ms" : "a loop has not come round for " + text + " ms";
}

} // namespace

struct loop_lag_check::state : std::enable_shared_from_this<state> {
    explicit state(loop_lag_check_options o) : options(std::move(o)), loops(loops_of(options)) {}

    const loop_lag_check_options options;
    std::mutex mutex;
    std::condition_variable came_round;
    std::vector<loop_of> loops; // guarded by mutex

    void ask_all() {
        const std::scoped_lock lock(mutex);
        for (std::size_t i = 0; i < loops.size(); ++i)
            if (!loops[i].asked) // a loop that hangs is asked once, however often the check runs
                loops[i].gate->pass([this, i] { ask(i); });
    }

    void ask(std::size_t i) {
        loops[i].asked = stopwatch::now();
        asio::post(loops[i].ex, [self = shared_from_this(), i] { self->answer(i); });
    }

    void answer(std::size_t i) {
        const std::scoped_lock lock(mutex);
        loops[i].lag = stopwatch::now() - *loops[i].asked;
        loops[i].asked.reset();
        came_round.notify_all();
    }

    bool all_answered() const {
        return std::ranges::none_of(loops, [](const loop_of& each) { return each.asked.has_value(); });
    }

    check_result measure() {
        ask_all();
        std::unique_lock lock(mutex);
        // A little longer, so that what just misses the limit is over it when it is judged.
        came_round.wait_for(lock, options.unhealthy_above + std::chrono::milliseconds(1),
                            [this] { return all_answered(); });
        auto worst = stopwatch::duration::zero();
        for (const auto& each : loops)
            worst = std::max(worst, each.asked ? stopwatch::now() - *each.asked : each.lag);
        const auto limit = [](std::chrono::milliseconds d) { return static_cast<double>(d.count()); };
        const auto status = detail::judge(ms(worst), limit(options.degraded_above), limit(options.unhealthy_above));
        check_result out{.status = status, .details = {{"lag_ms", ms(worst)}}};
        if (status != health_status::healthy)
            out.message = sentence(ms(worst), all_answered());
        return out;
    }
};

loop_lag_check::loop_lag_check(loop_lag_check_options options) {
    if (options.degraded_above.count() <= 0 || options.degraded_above > options.unhealthy_above)
        throw std::invalid_argument(
            "health::loop_lag_check_options::degraded_above must be more than 0 and at most unhealthy_above");
    if (options.unhealthy_above > std::chrono::hours(1))
        throw std::invalid_argument("health::loop_lag_check_options::unhealthy_above must be at most 1 h");
    if (std::ranges::any_of(options.loops, [](const executor& each) { return !each; }))
        throw std::invalid_argument("health::loop_lag_check_options::loops must not hold an empty executor");
    state_ = std::make_shared<state>(std::move(options));
}

check_result loop_lag_check::operator()() const { return state_->measure(); }

} // namespace infra::health
