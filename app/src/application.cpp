#include "configuration.hpp"
#include "start_report.hpp"
#include "supervisor.hpp"
#include "wiring.hpp"

#include <infra/app/dotenv.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/environment_layers.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace infra::app {
namespace {

using wire_function = void (*)(wiring&);

// The order in which parts are opened; they are stopped the other way round. HTTP comes last: nobody is let in before
// everything stands, and nobody is in when the rest is taken down. Jobs may speak in channels until they have ended.
constexpr wire_function before_routes[] = {wire_logging, wire_monitoring, wire_health,   wire_storage,
                                           wire_email,   wire_cache,      wire_realtime, wire_queue};

constexpr std::chrono::seconds time_to_be_cancelled{2};

void say(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

void check(const app_options& options) {
    if (options.name.empty())
        throw std::invalid_argument("app::app_options::name must not be empty");
    if (options.drain_timeout.count() < 0)
        throw std::invalid_argument("app::app_options::drain_timeout must not be negative");
    if (options.drain_delay && options.drain_delay->count() < 0)
        throw std::invalid_argument("app::app_options::drain_delay must not be negative");
}

// A parent may have closed them. The next socket to be opened would then be the standard output, and the log be written to
// whoever is at its other end.
void occupy_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF)
            static_cast<void>(::open("/dev/null", O_RDWR)); // the lowest that is free: this one
}

// Log files are begun anew, as logrotate wants it. On a terminal SIGHUP means that it was closed, and ends the process; and who was
// started to survive that (nohup) does.
void reopen_files_on_hangup() {
    struct sigaction now{};
    const bool is_ignored = ::sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
    if (!is_ignored && ::isatty(STDIN_FILENO) == 0)
        logging::reopen_files_on_hangup();
}

dotenv found_beside(const app_options& options, const environment& process) {
    if (options.environment)
        return {};
    auto found = read_dotenv(process);
    set_beneath_process(found.values); // for modules that look around by themselves
    return found;
}

bool says_levels(const dotenv& beside) {
    return beside.values.all().contains("LOG_LEVEL") || beside.values.all().contains("LOG_LEVEL_FILE");
}

// A coroutine that waits for "stop", however often and from wherever it is said.
class stop_signal {
public:
    explicit stop_signal(executor ex) : wake_(std::move(ex), steady_time::max()) {}

    void give() {
        asio::post(wake_.get_executor(), [this] {
            given_ = true;
            wake_.cancel();
        });
    }

    bool given() const noexcept { return given_; }

    awaitable<void> wait() {
        boost::system::error_code ec;
        if (!given_)
            co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

private:
    asio::steady_timer wake_;
    bool given_ = false;
};

} // namespace

struct application::state {
    explicit state(app_options o)
        : options(std::move(o)),
          process(options.environment ? *options.environment : infra::environment::of_process()),
          beside(found_beside(options, process)),
          env(over(process, beside.values)) {}

    app_options options;
    infra::environment process;
    dotenv beside;
    infra::environment env;
    supervisor above;
    steady_time begun = std::chrono::steady_clock::now();
    http::router routes;
    std::shared_ptr<phase> now = std::make_shared<phase>();
    wiring w{.options = options, .env = env, .routes = routes, .now = now, .reads_levels = says_levels(beside)};
    std::vector<std::string> problems;
    std::vector<part> added;
    std::vector<std::function<void(const started&)>> told;

    // The thread of run() turns this loop; requests and jobs are on the loops of the default runtime.
    event_loop main{"main"};
    stop_signal stop_asked{main.get_executor()};
    std::size_t running = 0; // parts; on the main loop only
    std::string failure;     // of a part that ended by itself; on the main loop only
    asio::steady_timer all_ended{main.get_executor(), steady_time::max()};
    asio::steady_timer grace{main.get_executor()};
    std::chrono::milliseconds drain_delay{};

    template <class Wire>
    void wire(Wire add) {
        try {
            add(w);
        } catch (const infra::error& e) {
            if (e.code() != errc::misconfigured)
                throw;
            problems.emplace_back(e.what());
        }
    }

    void read_drain_delay() {
        drain_delay = options.drain_delay ? *options.drain_delay : env.duration("DRAIN_DELAY", {});
    }

    void read_supervisor() {
        if (!options.environment) // of a test, which is not what systemd started
            above = supervisor(env);
    }

    // Everything that is wrong, whoever found it. What only looks like a mistake is told and goes on.
    bool is_configured() {
        auto report = check_settings(left_to_say(options, env));
        for (const auto& each : report.warnings)
            logging::warn("configuration", {{"warning", each}});
        problems = merged(std::move(report.problems), std::move(problems));
        problems.insert(problems.begin(), beside.problems.begin(), beside.problems.end());
        if (!problems.empty())
            report_problems();
        return problems.empty();
    }

    void report_problems() const {
        above.tell("STATUS=cannot start: its configuration is wrong, see the log");
        std::string text = options.name + " cannot start: its configuration is wrong";
        for (const auto& each : problems) {
            text += "\n  - " + each;
            logging::error("configuration", {{"problem", each}});
        }
        say(text);
    }

    awaitable<void> open_parts() {
        for (const auto& each : w.parts)
            if (each.open)
                co_await each.open();
    }

    void run_parts() {
        for (const auto& each : w.parts)
            if (each.run)
                run_part(each);
    }

    // On a loop of the default runtime; the news of its end comes back here.
    void run_part(const part& each) {
        ++running;
        asio::co_spawn(default_executor(), each.run(), [this, name = each.name](std::exception_ptr failed) {
            asio::post(main.get_executor(), [this, name, failed] { ended(name, failed); });
        });
    }

    void ended(const std::string& name, std::exception_ptr failed) {
        --running;
        if (now->serving() || failed) {
            if (failure.empty())
                failure = name + " ended: " + (failed ? describe(failed) : "it was not asked to");
            stop_asked.give();
        }
        if (failed)
            grace.cancel();
        if (running == 0)
            all_ended.cancel();
    }

    // Not ready, but as well as ever: whoever has not heard of it yet is still answered.
    awaitable<void> let_balancers_look_elsewhere(deadline limit) {
        if (running == 0 || !failure.empty())
            co_return;
        boost::system::error_code ec;
        grace.expires_at(earlier(deadline::after(drain_delay), limit).time());
        co_await grace.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

    // What has not ended a little after the deadline, by which it was cancelled, never will.
    awaitable<void> stop_parts(deadline limit) {
        const deadline cut = saturating_add(limit.time(), time_to_be_cancelled);
        for (auto each = w.parts.rbegin(); each != w.parts.rend(); ++each) {
            if (!each->stop)
                continue;
            try {
                co_await with_deadline(each->stop(limit), cut);
            } catch (const std::exception& e) {
                logging::error("a part did not stop in order", {{"part", each->name}, {"error", e}});
            }
        }
        boost::system::error_code ec;
        all_ended.expires_at(cut.time());
        if (running > 0)
            co_await all_ended.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if (running > 0)
            end_here(std::to_string(running) + " part(s) did not end");
        co_await pool_rests(cut);
    }

    // A function runs on when its caller was cancelled, and the end of the process would wait for it.
    awaitable<void> pool_rests(deadline cut) {
        try {
            co_await with_deadline(default_blocking_pool().rest(), cut);
        } catch (const infra::error&) {
            end_here("a function on the blocking pool did not end");
        }
    }

    // What still runs refers to this object and to what main() would destroy next, and its thread may never come back to
    // be joined: there is no returning from here.
    [[noreturn]] void end_here(const std::string& why) {
        const std::string what = "the drain ran out of time: " + why;
        logging::error("the service failed", {{"service", options.name}, {"error", what}});
        say(options.name + ": " + what);
        logging::flush(deadline::after(std::chrono::seconds(1)));
        ::_exit(1);
    }

    void report_start() const {
        const started service{.url = w.server->url(), .backends = w.chosen};
        const auto took = std::chrono::steady_clock::now() - begun;
        log_start(options, service, std::chrono::duration_cast<std::chrono::milliseconds>(took));
        if (const auto table = start_table(options, service); !table.empty())
            say(table);
        above.tell("READY=1\nSTATUS=serving at " + service.url);
        for (const auto& each : told)
            each(service);
    }

    awaitable<void> start() {
        co_await open_parts();
        if (stop_asked.given())
            co_return;
        run_parts();
        now->set(health::service_state::serving);
        report_start();
    }

    awaitable<int> live() {
        try {
            co_await start();
        } catch (...) {
            failure = describe(std::current_exception());
        }
        if (failure.empty())
            co_await stop_asked.wait();
        const auto limit = deadline::after(options.drain_timeout);
        now->set(health::service_state::stopping);
        above.tell("STOPPING=1\nSTATUS=finishing what is under way");
        logging::info("stopping", {{"service", options.name}, {"within", options.drain_timeout}});
        co_await let_balancers_look_elsewhere(limit);
        w.server->stop_accepting();
        co_await stop_parts(limit);
        if (!failure.empty()) {
            logging::error("the service failed", {{"service", options.name}, {"error", failure}});
            say(options.name + ": " + failure);
        }
        logging::info("stopped", {{"service", options.name}});
        co_return failure.empty() ? 0 : 1;
    }
};

application::application(app_options options) {
    check(options);
    occupy_standard_streams();
    state_ = std::make_unique<state>(std::move(options));
    for (const auto add : before_routes)
        state_->wire(add);
    state_->wire([s = state_.get()](wiring&) { s->read_drain_delay(); });
    state_->wire([s = state_.get()](wiring&) { s->read_supervisor(); });
}

application::~application() = default;
application::application(application&&) noexcept = default;

const std::string& application::name() const noexcept { return state_->options.name; }

const app_options& application::options() const noexcept { return state_->options; }

const infra::environment& application::environment() const noexcept { return state_->env; }

std::vector<effective_setting> application::settings() const {
    return effective_settings(state_->process, state_->beside.values);
}

const std::vector<chosen_backend>& application::backends() const noexcept { return state_->w.chosen; }

http::router& application::http() noexcept { return state_->routes; }

void application::add_part(part added) { state_->added.push_back(std::move(added)); }

void application::on_started(std::function<void(const started&)> told) { state_->told.push_back(std::move(told)); }

void application::stop() noexcept { state_->stop_asked.give(); }

int application::run() {
    auto& s = *state_;
    s.wire(wire_http);
    s.w.parts.insert(s.w.parts.end(), s.added.begin(), s.added.end());
    if (!s.is_configured())
        return 1;
    reopen_files_on_hangup();
    asio::signal_set signals(s.main.io_context(), SIGINT, SIGTERM);
    bool signalled = false;
    std::function<void(boost::system::error_code, int)> on_signal = [&](boost::system::error_code ec, int number) {
        if (ec)
            return;
        if (std::exchange(signalled, true))
            ::_exit(128 + number); // the second one: somebody does not want to wait
        s.now->set(health::service_state::stopping);
        s.stop_asked.give();
        signals.async_wait(on_signal);
    };
    signals.async_wait(on_signal);

    std::function<void(std::exception_ptr)> not_watched = [](std::exception_ptr) {};
    asio::co_spawn(s.main.get_executor(), s.above.give_signs_of_life(), not_watched);

    int code = 1;
    asio::co_spawn(s.main.get_executor(), s.live(), [&](std::exception_ptr failed, int result) {
        if (failed)
            say(s.options.name + ": " + describe(failed));
        code = failed ? 1 : result;
        signals.cancel();
        s.main.stop();
    });
    s.main.run();
    return code;
}

application from_environment(app_options options) { return application(std::move(options)); }

} // namespace infra::app
