#include "top.hpp"

#include "health.hpp"
#include "terminal.hpp"
#include "top_figures.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <infra/base/clock.hpp>
#include <infra/runtime/environment.hpp>

#include <boost/asio/this_coro.hpp>

#include <memory>
#include <ostream>
#include <stdexcept>

namespace infra::cli {
namespace top {
namespace {

using std::chrono::steady_clock;

awaitable<void> look_once(source& from, model& at) {
    try {
        at.take(co_await from.look());
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted || (!at.shown().last && is_wrong_address(e.code())))
            throw;
        at.fail(e.what(), steady_clock::now());
    }
}

awaitable<picture> two_looks(source_options options, std::chrono::milliseconds interval) {
    source from(co_await asio::this_coro::executor, std::move(options));
    model at;
    co_await look_once(from, at);
    if (!at.shown().down) {
        co_await real_clock().sleep_until(steady_clock::now() + interval);
        co_await look_once(from, at);
    }
    co_return at.shown();
}

awaitable<exit_code> tell_all(order given, const output& to) {
    source from(co_await asio::this_coro::executor, given.from);
    model at;
    for (auto next = steady_clock::now();; next = std::max(next + given.of.interval, steady_clock::now())) {
        co_await real_clock().sleep_until(next);
        co_await look_once(from, at);
        if (at.shown().down && !at.shown().last)
            co_return to.fail(exit_code::unreachable, at.shown().down->reason);
        if (at.shown().past.taken == 1)
            continue; // nothing is known of rates yet
        to.print("", document_of(at.shown(), given.of, steady_clock::now()));
        if (!to.out.flush())
            co_return exit_code::ok;
    }
}

exit_code code_of(const picture& shown) {
    return shown.down ? exit_code::unreachable : state_of(shown) == "unhealthy" ? exit_code::unhealthy : exit_code::ok;
}

} // namespace

exit_code show_once(const order& given, const output& to) {
    const auto shown = until_interrupted(two_looks(given.from, given.of.interval));
    if (shown.down && !shown.last)
        return to.fail(exit_code::unreachable, shown.down->reason);
    const auto now = steady_clock::now();
    to.print(to.json ? "" : plain_text_of(shown, given.of, now), document_of(shown, given.of, now));
    return code_of(shown);
}

exit_code tell(const order& given, const output& to) {
    try {
        return until_interrupted(tell_all(given, to));
    } catch (const error& e) {
        if (e.code() == errc::cancelled)
            return exit_code::ok; // Ctrl-C is how it ends
        throw;
    }
}

} // namespace top

namespace {

struct top_words {
    std::string url;
    std::string interval = "1s";
    std::string timeout = "5s";
    bool once = false;
};

std::chrono::milliseconds duration_in(const std::string& text, const char* option, std::chrono::milliseconds least) {
    const auto read = parse_duration(text);
    if (!read || *read < least)
        throw std::invalid_argument(std::string(option) + ": expected a duration such as 500ms or 5s, at least " +
                                    std::to_string(least.count()) + "ms");
    return *read;
}

top::order order_from(const top_words& words, const environment& env) {
    using namespace std::chrono_literals;
    auto url = words.url.empty() ? url_from(env) : words.url;
    while (url.ends_with('/'))
        url.pop_back();
    return {.from = {.url = url,
                     .admin_token = env.get_or("INFRA_ADMIN_TOKEN", ""),
                     .health_token = env.get_or("HEALTH_TOKEN", ""),
                     .patience = duration_in(words.timeout, "--timeout", 1ms)},
            .of = {.url = top::shown_url(url), .interval = duration_in(words.interval, "--interval", 100ms)},
            .once = words.once};
}

exit_code act(const top_words& words, const output& to) {
    try {
        const auto env = environment::of_process();
        const auto given = order_from(words, env);
        if (to.json && !words.once)
            return top::tell(given, to);
        const auto kind = env.get_or("TERM", "");
        if (words.once || to.json || !is_terminal(to.out) || kind.empty() || kind == "dumb")
            return top::show_once(given, to);
        top::watch(given, to.colours);
        return exit_code::ok;
    } catch (const std::invalid_argument& e) {
        return to.fail(exit_code::usage, e.what());
    } catch (const boost::system::system_error& e) {
        if (e.code() == errc::cancelled)
            return to.fail(exit_code::interrupted, e.what());
        return to.fail(top::is_wrong_address(e.code()) ? exit_code::usage : exit_code::failed, e.what());
    }
}

} // namespace

void add_top(frame& f) {
    const auto words = std::make_shared<top_words>();
    auto& app = f.add({.name = "top",
                       .description = "Shows a running service as it goes: requests and how long they take, jobs, "
                                      "mail, sockets, what is wrong. On "
                                      "a terminal until q is pressed; otherwise once. INFRA_ADMIN_TOKEN shows more.",
                       .examples = {"infra top", "infra top --url http://10.0.0.7:3000 --interval 5s",
                                    "infra top --once --json | jq .per_second.requests",
                                    "infra top --json | tee -a top.ndjson      # a document a line"}},
                      [words](const output& to) { return act(*words, to); });
    app.add_option("--url", words->url, "Where it listens; default http://$HOST:$PORT");
    app.add_option("--interval", words->interval, "Between two looks")->capture_default_str();
    app.add_option("--timeout", words->timeout, "How long to wait for the answers of a look")->capture_default_str();
    app.add_flag("--once", words->once, "Two looks, then end");
}

} // namespace infra::cli
