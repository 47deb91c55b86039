#pragma once

// The inside of a registry.
//
//     ask() ── begins or joins ──> run: one slot a check        all slots filled, or the time has come
//                                   │ begin()                        │ settle()
//                                   v                                v
//                  entry.in_flight: a flight ── land() ──> entry.last, slot   report -> everyone seated
//
// Nobody owns a run. It begins in the first caller's hands, the last check to land settles it, and so does, when the time
// has come, the first caller to wake: each waits on its own loop, so that no loop that hangs can make a probe hang.
// There is one run at a time for each group; they share the flights of the checks that are in several.
//
// An answer is noted (standing.hpp) once, when it lands and somebody has waited for it, or when somebody has waited in vain.
//
// One mutex guards everything that changes. Checks, listeners, log lines and metrics happen outside of it. Loops are posted
// to under it, so that nobody posts to a loop once the destructor of whatever stood for it (registry, seat) has had the mutex.

#include "check_threads.hpp"
#include "news.hpp"
#include "run.hpp"

#include <infra/health/registry.hpp>

#include <boost/asio/post.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace infra::health {

struct registry::state : std::enable_shared_from_this<registry::state> {
    explicit state(registry_options o);

    void add(std::shared_ptr<detail::entry> added);
    bool remove(std::string_view name);
    void close();

    /// What registry::run() is.
    static awaitable<health_report> ask(std::shared_ptr<state> self, std::string group);

    const registry_options options;
    const steady_time started;
    detail::check_threads threads;

    std::mutex mutex; // guards what follows, entries' and runs' changing parts, and seats
    detail::entry_list entries;
    std::vector<std::shared_ptr<detail::run>> runs;
    std::unordered_set<std::shared_ptr<detail::flight>> coroutines; // in the air
    detail::listener_list listeners;
    health_status whole = health_status::healthy; // as listeners know it
    service_state life = service_state::serving;
    bool closed = false;

private:
    class seat;
    using signal = std::shared_ptr<asio::cancellation_signal>;

    std::shared_ptr<detail::run> current_or_new(std::string group);
    std::optional<steady_time> look(const std::shared_ptr<detail::run>& r);
    health_report report_of(const detail::run& r);

    // All of these hold the mutex.
    void go_on(detail::run& r, steady_time now);
    void begin_what_may(detail::run& r, steady_time now);
    void begin(detail::run& r, detail::run::slot& s, steady_time now);
    void settle(detail::run& r, steady_time now);
    void stop_waiting(detail::run& r, steady_time now);
    void leave_out(const detail::standing& removed, steady_time now);
    std::optional<health_report> refusal(std::string_view group) const; // whatever the checks say
    health_report blank_report(steady_time now) const;

    std::shared_ptr<detail::flight> launch(const std::shared_ptr<detail::entry>& e, steady_time now);
    bool take_off(const std::shared_ptr<detail::entry>& e, const std::shared_ptr<detail::flight>& f);
    bool awaited(const detail::flight& f) const noexcept;
    check_report note(const std::shared_ptr<detail::entry>& e, health_status answer, check_report line);
    void start_pulse(const std::shared_ptr<detail::entry>& e);
    bool is_blocked(const detail::entry& e) const noexcept;

    void tell(detail::news n) const;
    void forget(const detail::entry& e) const;
    void look_at_the_whole();
    void end(const detail::entry& e) const;
    void cancel(std::vector<signal> signals) const;
    template <class F>
    void post(F f) const;

    // These do not.
    void fly(const std::shared_ptr<detail::entry>& e, const std::shared_ptr<detail::flight>& f);
    static awaitable<void> fly_coroutine(std::shared_ptr<state> self, std::shared_ptr<detail::entry> e,
                                         std::shared_ptr<detail::flight> f);
    void land(const std::shared_ptr<detail::entry>& e, const std::shared_ptr<detail::flight>& f, check_result result);
    static awaitable<void> keep_asking(std::shared_ptr<state> self, std::shared_ptr<detail::entry> e);
    bool ask_in_background(const std::shared_ptr<detail::entry>& e);
};

// Under no context: what the checks do belongs to nobody's request, least of all to that of the probe that came first.
template <class F>
void registry::state::post(F f) const {
    asio::post(options.executor, [f = std::move(f)] {
        const context_scope nobodys{context()};
        f();
    });
}

} // namespace infra::health
