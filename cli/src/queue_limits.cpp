#include "queue_limits.hpp"
#include "shown_words.hpp"
#include "table.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace infra::cli {
namespace {

struct limits_words {
    std::string queue;
    std::optional<std::size_t> concurrency;
    std::optional<std::size_t> max_length;
    std::optional<std::size_t> group_concurrency;
    std::string rate;
    std::string group_rate;
    bool none = false;
};

std::string or_none(std::string text) { return text.empty() ? "none" : text; }

std::string text_of(const queue::rate_limit& rate) {
    return rate.max == 0 ? "none" : std::to_string(rate.max) + " in " + shown(rate.duration);
}

std::string text_of(const queue::queue_settings& s) {
    return fact_sheet({{"concurrency", or_none(limit_of(s.concurrency))},
                       {"rate", text_of(s.rate)},
                       {"max length", or_none(limit_of(s.max_length))},
                       {"concurrency of a group", or_none(limit_of(s.per_group.concurrency))},
                       {"rate of a group", text_of(s.per_group.rate)}});
}

json::value document_of(const queue::queue_settings& s) {
    return {{"queue", s.queue},
            {"concurrency", s.concurrency},
            {"rate_max", s.rate.max},
            {"rate_duration_ms", s.rate.duration.count()},
            {"max_length", s.max_length},
            {"group_concurrency", s.per_group.concurrency},
            {"group_rate_max", s.per_group.rate.max},
            {"group_rate_duration_ms", s.per_group.rate.duration.count()}};
}

/// What is to be set; all of it is read before anything is changed.
struct wanted_limits {
    std::optional<std::size_t> concurrency, max_length, group_concurrency;
    std::optional<queue::rate_limit> rate, group_rate;

    bool of_groups() const { return group_concurrency || group_rate; }
};

wanted_limits wanted_from(const limits_words& words) {
    const bool some = words.concurrency || words.max_length || words.group_concurrency || !words.rate.empty() ||
                      !words.group_rate.empty();
    if (words.none && some)
        throw std::invalid_argument("--none: takes all limits away, so there is none to be set beside it");
    if (words.none)
        return {0, 0, 0, queue::rate_limit(), queue::rate_limit()};
    const auto read = [](const char* option, const std::string& text) {
        return text.empty() ? std::nullopt : std::optional(rate_limit_from(option, text));
    };
    return {words.concurrency, words.max_length, words.group_concurrency, read("--rate", words.rate),
            read("--group-rate", words.group_rate)};
}

void set(const std::string& queue, const wanted_limits& wanted, const queue_session& with) {
    if (wanted.concurrency)
        with.ask(with.jobs.set_concurrency(queue, *wanted.concurrency));
    if (wanted.rate)
        with.ask(with.jobs.set_rate_limit(queue, *wanted.rate));
    if (wanted.max_length)
        with.ask(with.jobs.set_max_length(queue, *wanted.max_length));
    if (!wanted.of_groups())
        return;
    auto groups = with.ask(with.jobs.settings(queue)).per_group;
    groups.concurrency = wanted.group_concurrency.value_or(groups.concurrency);
    groups.rate = wanted.group_rate.value_or(groups.rate);
    with.ask(with.jobs.set_group_limits(queue, groups));
}

exit_code limits(const limits_words& words, const queue_session& with) {
    queue::check_name("the queue's name", words.queue);
    set(words.queue, wanted_from(words), with);
    const auto now = with.ask(with.jobs.settings(words.queue));
    with.to.print(text_of(now), document_of(now));
    with.tell_if_nothing_is_there(words.queue);
    return exit_code::ok;
}

} // namespace

queue::rate_limit rate_limit_from(const std::string& option, std::string_view text) {
    if (text == "0" || text == "none")
        return {};
    const auto slash = std::min(text.find('/'), text.size());
    queue::rate_limit read;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + slash, read.max);
    const auto within = parse_duration(text.substr(std::min(slash + 1, text.size())));
    if (failed != std::errc() || end != text.data() + slash || !within || within->count() <= 0)
        throw std::invalid_argument(option + ": expected how many within which time, such as 10/1s, or none");
    read.duration = *within;
    return read;
}

void add_queue_limits(const queue_group& to) {
    const auto words = std::make_shared<limits_words>();
    auto& app =
        to.add({.name = "limits",
                .description = "Shows the limits of a queue, which hold for all its workers, or sets some of them; "
                               "0 is no limit.",
                .examples = {"infra queue limits mail", "infra queue limits mail --concurrency 4 --rate 10/1s",
                             "infra queue limits mail --none"}},
               opening::existing, [words](const queue_session& with) { return limits(*words, with); });
    app.add_option("queue", words->queue, "Which")->required()->type_name("QUEUE");
    const auto number = [&app](const char* name, std::optional<std::size_t>& into, const char* meaning) {
        app.add_option(name, into, meaning)->check(CLI::Range(0, 1'000'000'000));
    };
    number("--concurrency", words->concurrency, "Jobs that may run at once, in all processes");
    app.add_option("--rate", words->rate, "Jobs that may be started within a time, such as 10/1s");
    number("--max-length", words->max_length, "Jobs that may wait; more are refused");
    number("--group-concurrency", words->group_concurrency, "Jobs of one group that may run at once");
    app.add_option("--group-rate", words->group_rate, "Jobs of one group that may be started within a time");
    app.add_flag("--none", words->none, "Takes all limits away");
}

} // namespace infra::cli
