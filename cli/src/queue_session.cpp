#include "queue_session.hpp"
#include "printable.hpp"
#include "shown_words.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/queue/redis.hpp>
#include <infra/queue/sqlite.hpp>

#include <algorithm>
#include <filesystem>

namespace infra::cli {
namespace {

constexpr std::chrono::seconds time_to_close{5};

void refuse_what_is_not_there(const std::string& url) {
    const auto file = queue::parse_sqlite_url(url).file;
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        throw error(queue::errc::unavailable,
                    "there is no queue in " + file.string() + "; set QUEUE_URL or give --url, as the service has it");
}

exit_code act_and_close(const queue_session& with, const std::function<exit_code(const queue_session&)>& act) {
    struct closing {
        const queue_session& with;
        ~closing() {
            try {
                wait(
                    with.jobs.stop(deadline::after(std::min<std::chrono::milliseconds>(with.patience, time_to_close))));
            } catch (const std::exception&) { // what was asked has been answered
            }
        }
    };
    const closing last{with};
    return act(with);
}

std::vector<std::string> others_than(const std::string& queue, const std::vector<queue::queue_counts>& all) {
    std::vector<std::string> names;
    for (const auto& each : all)
        if (each.queue != queue)
            names.push_back(each.queue);
    return names;
}

bool is_on_redis(const std::string& url) { return url.starts_with("redis") || url.starts_with("unix:"); }

// On Redis each verb gives up as soon as the command does, so that what is told is why.
std::shared_ptr<queue::backend> opened(const std::string& url, opening how, std::chrono::milliseconds patience) {
    if (!is_on_redis(url) || how == opening::to_stay)
        return queue::make_backend(url);
    auto at = queue::redis_queue_options_from(url);
    at.timeout = at.server.default_deadline = patience;
    return queue::make_redis_backend(std::move(at));
}

std::string url_at(const queue_place& place, opening how) {
    auto url = queue_url(place.url, environment::of_process(), how != opening::existing);
    return place.prefix.empty() ? url : with_prefix(std::move(url), place.prefix);
}

} // namespace

void add_place_options(CLI::App& to, queue_place& place) {
    to.add_option("--url", place.url,
                  "Where it is kept; default $QUEUE_URL or $REDIS_URL, which is the place for a password, or "
                  "sqlite:var/queue.db");
    to.add_option("--prefix", place.prefix,
                  "What the queue's keys on Redis begin with; default that of the URL, or bull");
    to.add_option("--timeout", place.timeout, "How long to wait for an answer")->capture_default_str();
}

std::string queue_url(const std::string& given, const environment& variables, bool anew) {
    auto url = given.empty() ? queue::url_from(variables) : given;
    if (url.starts_with("memory:"))
        throw error(errc::misconfigured,
                    "a queue in memory can be seen by its own service alone; set QUEUE_URL or give "
                    "--url sqlite:FILE or redis://HOST");
    if (!anew && url.starts_with("sqlite:"))
        refuse_what_is_not_there(url);
    return url;
}

std::string with_prefix(std::string url, const std::string& prefix) {
    if (url.starts_with("sqlite:"))
        throw std::invalid_argument("--prefix is for a queue on Redis; this one is in a file");
    const char before = url.find('?') == std::string::npos ? '?' : '&';
    return std::move(url) + before + "prefix=" + encoding::percent_encode(prefix);
}

exit_code code_for(const boost::system::error_code& failure) {
    if (failure == errc::misconfigured || failure == errc::invalid_input || failure == queue::errc::too_large ||
        failure == queue::errc::invalid_payload || failure == queue::errc::ambiguous)
        return exit_code::usage;
    return failure == queue::errc::unavailable || failure == errc::timed_out || failure == errc::unavailable ||
                   failure == errc::closed
               ? exit_code::unreachable
               : exit_code::failed;
}

error queue_session::no_answer() const {
    return error(errc::timed_out, where + " does not answer within " + shown(patience));
}

bool queue_session::is_in_use(const std::string& queue) const {
    const auto here = ask(jobs.counts({queue})).at(0);
    return here.waiting + here.delayed + here.active + here.completed + here.failed + here.waiting_children > 0 ||
           !ask(jobs.workers(queue)).empty();
}

void queue_session::tell_if_nothing_is_there(const std::string& queue) const {
    if (to.json || is_in_use(queue))
        return;
    const auto meant = nearest(queue, others_than(queue, ask(jobs.counts())));
    to.err << "infra: nothing is in the queue '" << printable(queue) << "', and nobody works for it"
           << (meant.empty() ? "" : "; did you mean '" + printable(meant) + "'?") << '\n';
}

std::optional<std::string> queue_session::why_unknown(const std::string& queue) const {
    if (is_in_use(queue))
        return std::nullopt;
    const auto all = ask(jobs.counts());
    const auto others = others_than(queue, all);
    if (others.size() < all.size() || !ask(jobs.schedules(queue)).empty())
        return std::nullopt;
    const auto meant = nearest(queue, others);
    return "there is no queue '" + printable(queue) + "'" +
           (meant.empty() ? "; infra queue ls shows those there are" : "; did you mean '" + printable(meant) + "'?");
}

void queue_session::refuse_unknown(const std::string& queue) const {
    if (const auto why = why_unknown(queue))
        throw not_known(*why);
}

std::string with_advice(const boost::system::system_error& e) {
    const bool says_what_to_do = std::string_view(e.what()).find("--url") != std::string_view::npos;
    return code_for(e.code()) != exit_code::unreachable || says_what_to_do
               ? e.what()
               : e.what() + std::string("; is it running there? --url, QUEUE_URL or REDIS_URL says where");
}

exit_code with_queue(const queue_place& place, opening how, const output& to,
                     const std::function<exit_code(const queue_session&)>& act) {
    const auto patience = parse_duration(place.timeout);
    if (!patience || patience->count() <= 0)
        return to.fail(exit_code::usage, "--timeout: expected a duration such as 500ms or 5s");
    try {
        const auto url = url_at(place, how);
        const queue::queue jobs(opened(url, how, *patience));
        return act_and_close({jobs, *patience, to, encoding::shown_url(url)}, act);
    } catch (const boost::system::system_error& e) {
        return to.fail(code_for(e.code()), with_advice(e));
    } catch (const std::invalid_argument& e) {
        return to.fail(exit_code::usage, e.what());
    } catch (const not_known& e) {
        return to.fail(exit_code::not_found, e.what());
    }
}

} // namespace infra::cli
