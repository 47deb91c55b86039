#include "not_empty.hpp"
#include "printable.hpp"
#include "queue_steps.hpp"
#include "queue_verbs.hpp"

#include <algorithm>

namespace infra::cli {
namespace {

struct change_words {
    std::vector<std::string> ids;
    std::string queue;
    bool all = false;
    std::string state;
    std::string name;
    std::string data;
    std::string reason;
    std::string group;
    std::string error; ///< the id of a group of equal errors
};

/// A change, in the words of people and of the queue.
struct change_verb {
    const char* done;
    std::optional<queue::job_state> usual; ///< that --all means if it names no state
    awaitable<bool> (queue::control::*one)(queue::job_key) const;
    queue::job_change what;
};

constexpr change_verb retrying{"wait again", queue::job_state::failed, &queue::control::retry,
                               queue::job_change::retry};
constexpr change_verb promoting{"wait from now on", {}, &queue::control::promote, queue::job_change::promote};
constexpr change_verb cancelling{"cancelled", {}, &queue::control::cancel, queue::job_change::cancel};
constexpr change_verb removing{"removed", {}, &queue::control::remove, queue::job_change::remove};

queue::job_filter filter_from(const change_words& words, std::optional<queue::job_state> usual) {
    queue::job_filter filter{.queue = words.queue,
                             .name = words.name,
                             .data_contains = words.data,
                             .reason_contains = words.reason,
                             .group = words.group};
    if (!words.state.empty())
        filter.states.push_back(job_state_from(words.state));
    else if (usual)
        filter.states.push_back(*usual);
    return filter;
}

// `--state, --name`: those that were given.
std::string filters_in(const change_words& words) {
    const std::pair<const char*, const std::string*> all[] = {{"--state", &words.state}, {"--name", &words.name},
                                                              {"--data", &words.data},   {"--reason", &words.reason},
                                                              {"--group", &words.group}, {"--error", &words.error}};
    std::string given;
    for (const auto& [option, value] : all)
        if (!value->empty())
            given.append(given.empty() ? "" : ", ").append(option);
    return given;
}

steps_done change_equal_errors(const change_verb& what, const change_words& words, const queue_session& with) {
    if (!(words.state + words.name + words.data + words.reason + words.group).empty())
        throw std::invalid_argument("--error: names its jobs; leave the other filters out");
    auto done = change_in_steps({.what = what.what, .queue = words.queue, .group = words.error}, with);
    if (done.changed == 0) {
        with.refuse_unknown(words.queue);
        throw not_known("no job of '" + printable(words.queue) +
                        "' has failed so; infra queue errors lists what has failed");
    }
    return done;
}

exit_code change_all(const change_verb& what, const change_words& words, const queue_session& with) {
    queue::check_name("--queue", words.queue);
    const auto done =
        words.error.empty()
            ? steps_done{.changed = change_in_steps(
                             {.change = {.what = what.what, .filter = filter_from(words, what.usual)}}, with)}
            : change_equal_errors(what, words, with);
    if (done.changed == 0)
        with.refuse_unknown(words.queue);
    with.to.print(std::to_string(done.changed) + " " + what.done, {{"changed", done.changed}});
    if (done.stopped.empty())
        return exit_code::ok;
    with.to.err << "infra: not all were looked at: " << printable(done.stopped)
                << "; the same command goes on with the rest\n";
    return exit_code::partial;
}

exit_code change_each(const change_verb& what, const change_words& words, const queue_session& with) {
    if (!words.queue.empty())
        with.refuse_unknown(words.queue);
    json::array changed, left;
    std::string missing;
    for (const auto& id : words.ids) {
        const bool done = with.ask((with.jobs.*what.one)(queue::job_key{words.queue, id}));
        (done ? changed : left).emplace_back(id);
        if (!done)
            missing += (missing.empty() ? "" : ", ") + printable(id);
    }
    const auto count = changed.size();
    with.to.print(std::to_string(count) + " " + what.done, {{"changed", std::move(changed)}, {"left", left}});
    if (!left.empty() && !with.to.json)
        with.to.err << "infra: not there, or in no state for it: " << missing << '\n';
    return left.empty() ? exit_code::ok : count > 0 ? exit_code::partial : exit_code::not_found;
}

exit_code change(const change_verb& what, const change_words& words, const queue_session& with) {
    if (words.all == !words.ids.empty())
        throw std::invalid_argument("either ids or --all with --queue are needed");
    if (const auto filters = filters_in(words); !words.all && !filters.empty())
        throw std::invalid_argument(filters + ": only with --all and --queue; ids say already which jobs are meant");
    return words.all ? change_all(what, words, with) : change_each(what, words, with);
}

} // namespace

void add_queue_change(const queue_group& to) {
    const auto words = std::make_shared<change_words>();
    const auto add = [&](verb v, const change_verb& what) -> CLI::App& {
        auto& app = to.add(std::move(v), opening::existing,
                           [words, &what](const queue_session& with) { return change(what, *words, with); });
        app.add_option("ids", words->ids, "Of the jobs");
        app.add_option("--queue", words->queue, "Whose jobs; ids are looked for everywhere without")
            ->check(not_empty)
            ->type_name("QUEUE");
        app.add_flag("--all", words->all, "All jobs of --queue that fit what follows");
        app.add_option("--state", words->state, "Only those in this state")
            ->check(not_empty)
            ->type_name(names_of_job_states());
        app.add_option("--name", words->name, "Only those of this name")->check(not_empty);
        app.add_option("--data", words->data, "Only those with this in their payload")->check(not_empty);
        app.add_option("--reason", words->reason, "Only those that failed with this in the reason")->check(not_empty);
        app.add_option("--group", words->group, "Only those of this group")->check(not_empty);
        return app;
    };
    const auto also_equal_errors = [&](CLI::App& app) {
        app.add_option("--error", words->error, "Only those that failed alike: an ERROR of infra queue errors")
            ->check(not_empty);
    };
    also_equal_errors(
        add({.name = "retry",
             .description = "Has jobs that are over wait again, as if they were new. --all means those that failed.",
             .examples = {"infra queue retry 4711", "infra queue retry --all --queue mail --reason 'timed out'",
                          "infra queue retry --all --queue mail --error 9f0c1d2ab34e5f60"}},
            retrying));
    add({.name = "promote",
         .description = "Has delayed jobs wait from now on.",
         .examples = {"infra queue promote 4711"}},
        promoting);
    add({.name = "cancel",
         .description = "Has jobs fail without another attempt; whoever runs them is asked to end.",
         .examples = {"infra queue cancel 4711"}},
        cancelling);
    also_equal_errors(add({.name = "rm",
                           .description = "Forgets jobs that do not run.",
                           .examples = {"infra queue rm 4711", "infra queue rm --all --queue mail --name newsletter"}},
                          removing));
}

} // namespace infra::cli
