#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "log_reading.hpp"
#include "log_shown.hpp"
#include "printable.hpp"
#include "server_events.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <infra/base/backoff.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/id.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <ostream>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_around = 100;    // lines each way, as a service gives them
constexpr std::chrono::seconds silence{60}; // the service says something every 15 s

struct logs_words {
    service_place place;
    log_wish wish;
    std::size_t limit = 100;
    std::size_t count = 0;
    bool follow = false;
    bool whole = false;
    std::optional<std::string> around;
    bool limited = false;
};

/// Prints lines until there are enough, or nobody reads them.
class line_printer {
public:
    line_printer(const output& to, std::size_t count) : to_(to), count_(count) {}

    bool print(const json::value& line) {
        to_.print(to_.json ? "" : log_line_of(line, to_.colours), log_document_of(line));
        return ++printed_ != count_;
    }
    bool wants_more() const { return printed_ != count_ || count_ == 0; }
    bool is_read() const { return static_cast<bool>(to_.out.flush()); }
    std::size_t printed() const { return printed_; }
    void say(std::string_view sentence) const { to_.err << "infra: " << sentence << std::endl; }

private:
    const output& to_;
    const std::size_t count_;
    std::size_t printed_ = 0;
};

// --- what is there ------------------------------------------------------------------------------------------------

awaitable<log_mark> newest_line(const dashboard_client& from) {
    const auto page = co_await from.get("/logs?limit=1");
    co_return items_of(page, "items").empty() ? log_mark() : mark_of(items_of(page, "items").front());
}

// --- what comes ---------------------------------------------------------------------------------------------------

class follower {
public:
    follower(const dashboard_client& from, service_query query, log_mark last, line_printer& to)
        : from_(from), query_(std::move(query)), last_(last), to_(to) {}

    /// Until there were enough lines, or nobody reads them. Who did not answer once is asked again; who never did is not.
    awaitable<void> run() {
        const auto pauses = backoff{.type = backoff::kind::exponential, .delay = 500ms, .max = 5s, .jitter = 0.25};
        while (!co_await listened()) {
            ++failures_;
            co_await real_clock().sleep_for(delay_before_retry(pauses, failures_, random_01()));
        }
    }

private:
    static bool is_passing(const boost::system::error_code& e) {
        return http::is_retryable(e) || e == errc::unavailable || e == errc::closed;
    }

    // False: it is worth asking again.
    awaitable<bool> listened() {
        try {
            co_await listen();
            co_return true;
        } catch (const boost::system::system_error& e) {
            if (!was_there_ || !is_passing(e.code()))
                throw;
            if (failures_ == 0)
                to_.say(printable(e.what()) + std::string("; it is asked again until it answers"));
        }
        co_return false;
    }

    awaitable<void> listen() {
        if (was_there_)
            co_await find_place();
        auto query = query_;
        query.emplace_back("from", std::to_string(last_.id));
        auto stream = co_await from_.watch(with_query("logs", query));
        was_there_ = true;
        if (std::exchange(failures_, 0) > 0)
            to_.say("the service answers again");
        server_events events;
        while (print_all(events) && to_.is_read()) {
            const auto piece = co_await stream.read(deadline::after(silence));
            if (piece.empty())
                throw error(errc::closed, "the service has ended the stream of its log");
            events.add(piece);
        }
    }

    awaitable<void> find_place() {
        std::optional<log_mark> same;
        try {
            if (last_.id > 0)
                same = mark_of(co_await from_.get("/logs/" + std::to_string(last_.id)));
        } catch (const refused& e) {
            if (e.exit() != exit_code::not_found)
                throw;
        }
        const auto after = go_on_after(last_, same, co_await newest_line(from_));
        if (after == last_.id)
            co_return;
        last_ = {};
        to_.say("the service has begun again, and so does its log");
    }

    bool print_all(server_events& events) {
        while (const auto each = events.next()) {
            const auto said = json::parse(each->data, {.max_bytes = max_answer_bytes, .max_depth = 40});
            if (said && !print(each->name, *said))
                return false;
        }
        return to_.wants_more();
    }

    bool print(const std::string& topic, const json::value& said) {
        if (topic == "problem")
            to_.say(printable(cell_of(said, "message")));
        if (const auto skipped = integer_of(said, "skipped"); skipped > 0)
            to_.say(std::to_string(skipped) + " lines were skipped: more came than is sent at once");
        for (const auto& each : items_of(said, "items")) {
            last_ = mark_of(each);
            if (!to_.print(each))
                return false;
        }
        return true;
    }

    const dashboard_client& from_;
    const service_query query_;
    log_mark last_;
    line_printer& to_;
    bool was_there_ = false;
    int failures_ = 0;
};

// --- the verb -----------------------------------------------------------------------------------------------------

awaitable<exit_code> show(logs_words words, service_access at, const output& to) {
    const dashboard_client from(co_await asio::this_coro::executor, std::move(at));
    const auto query = query_of(words.wish, real_clock().wall());
    log_mark newest; // what comes behind it is the stream's
    if (words.follow)
        newest = co_await newest_line(from);
    line_printer lines(to, words.count);
    auto found =
        words.limit == 0 || (words.follow && newest.id == 0)
            ? json::array()
            : co_await lines_before(from, query, words.follow ? std::to_string(newest.id + 1) : "", words.limit);
    for (auto each = found.rbegin(); each != found.rend(); ++each)
        if (!lines.print(*each))
            co_return exit_code::ok;
    if (!words.follow) {
        if (found.empty() && words.limit > 0)
            lines.say("no line of those that the service keeps is so");
        co_return exit_code::ok;
    }
    found.clear();
    follower rest(from, query, newest, lines);
    co_await rest.run();
    co_return exit_code::ok;
}

awaitable<exit_code> export_lines(logs_words words, service_access at, const output& to) {
    const dashboard_client from(co_await asio::this_coro::executor, std::move(at));
    co_await from.download(with_query("/logs/export", query_of(words.wish, real_clock().wall())), to.out);
    co_return exit_code::ok;
}

std::string line_asked(const std::string& given) {
    std::uint64_t id = 0;
    const auto [end, failed] = std::from_chars(given.data(), given.data() + given.size(), id);
    if (failed != std::errc() || end != given.data() + given.size() || id == 0)
        throw std::invalid_argument(
            "--around: expected the id of a line, a whole number from 1 on, as --json tells it");
    return std::to_string(id);
}

awaitable<exit_code> show_around(logs_words words, service_access at, const output& to) {
    const dashboard_client from(co_await asio::this_coro::executor, std::move(at));
    const auto each_way = std::to_string(std::clamp<std::size_t>(words.limit / 2, 1, most_around));
    const auto page =
        co_await from.get(with_query("/logs/" + line_asked(*words.around) + "/around", {{"lines", each_way}}));
    line_printer lines(to, words.count);
    for (const auto& each : items_of(page, "items"))
        if (!lines.print(each))
            break;
    co_return exit_code::ok;
}

void check_what_goes_together(const logs_words& words) {
    const auto& wish = words.wish;
    const bool filters = !wish.words.empty() || !wish.level.empty() || !wish.module.empty() || !wish.fields.empty() ||
                         !wish.trace.empty() || !wish.since.empty();
    if (words.around && (filters || words.follow || words.whole))
        throw std::invalid_argument("--around: shows all lines there, whatever they are; leave the rest out");
    if (words.whole && words.follow)
        throw std::invalid_argument("--export: is of what is there; leave --follow out");
    if (words.whole && (words.limited || words.count > 0))
        throw std::invalid_argument("--export: is of all that is there; leave --limit and --count out");
}

awaitable<exit_code> what_is_asked(const logs_words& words, const output& to) {
    check_what_goes_together(words);
    auto at = access_to(words.place);
    return words.around  ? show_around(words, std::move(at), to)
           : words.whole ? export_lines(words, std::move(at), to)
                         : show(words, std::move(at), to);
}

exit_code act(const logs_words& words, const output& to) {
    return told_how_it_ends(to, [&] {
        try {
            return until_interrupted(what_is_asked(words, to));
        } catch (const error& e) {
            if (words.follow && e.code() == errc::cancelled)
                return exit_code::ok; // Ctrl-C is how it ends
            throw;
        }
    });
}

} // namespace

void add_logs(frame& f) {
    const auto words = std::make_shared<logs_words>();
    auto& app = f.add(
        {.name = "logs",
         .description =
             "Prints the newest lines of a running service's log, the oldest of them first, and with --follow what "
             "comes. Under --json a document a line. It asks the service's dashboard, with INFRA_ADMIN_TOKEN. infra "
             "errors puts equal errors together; infra levels has a service log more for a while.",
         .examples = {"infra logs --level warn --since 1h", "infra logs timed out --module queue --follow",
                      "infra logs --trace 4bf92f3577b34da6a3ce929d0e0e4736",
                      "infra logs --field order=17 --json | jq .message",
                      "infra logs --level warn --export > log.ndjson"}},
        [words](const output& to) { return act(*words, to); });
    app.add_option("words", words->wish.words, "What stands in the message, the module, names or values of fields");
    app.add_option("--level", words->wish.level, "Only this one and what is worse")
        ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
    app.add_option("--module", words->wish.module, "Only this one and those below it: db has db.pool");
    app.add_option("--field", words->wish.fields,
                   "NAME=VALUE, or NAME where it only has to be there; may be given again")
        ->allow_extra_args(false);
    app.add_option("--trace", words->wish.trace, "Only lines of this one: 32 hex digits");
    app.add_option("--since", words->wish.since, "Only lines not older than that, such as 15m");
    app.add_option("-n,--limit", words->limit, "At most so many of those that are there")
        ->capture_default_str()
        ->check(CLI::Range(0, 10'000))
        ->each([words](const std::string&) { words->limited = true; });
    app.add_flag("-f,--follow", words->follow,
                 "Go on with what comes, until Ctrl-C; over restarts of the service, too");
    app.add_option("--count", words->count, "End after so many lines");
    app.add_flag("--export", words->whole,
                 "All of those that are there, as the log itself writes them, a document a line");
    app.add_option(
           "--around", words->around,
           "What was said before and after this line, by its id of --json: half of --limit each way, 100 at most")
        ->type_name("ID");
    add_place(app, words->place);
}

} // namespace infra::cli
