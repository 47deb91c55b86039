#include "queue_work.hpp"
#include "log_to_people.hpp"
#include "queue_verbs.hpp"

#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstring>
#include <exception>
#include <ostream>

namespace infra::cli {
namespace {

constexpr std::size_t shown_of_stderr = 3000; // of the 4 KiB that a reason may have
constexpr std::chrono::milliseconds look_whether_drained{100};
constexpr auto as_long_as_they_run = std::chrono::milliseconds::max();

struct work_words {
    std::string queue;
    std::string command;
    std::size_t concurrency = 1;
    bool drain = false;
};

/// How the attempts ended.
struct tally {
    std::size_t completed = 0;
    std::size_t retried = 0;
    std::size_t failed = 0;
    std::size_t returned = 0;
};

void count_failure(const queue::job_context& job, tally& sum) {
    if (job.cancel_requested() || job.last_attempt())
        ++sum.failed;
    else
        ++sum.retried;
}

awaitable<queue::verdict> run_job(std::string command, std::string data, std::shared_ptr<queue::job_context> job,
                                  std::shared_ptr<tally> sum) {
    std::exception_ptr thrown;
    child_end end;
    try {
        end = co_await run_child(command_for(std::move(command), std::move(data), *job));
    } catch (...) {
        thrown = std::current_exception();
    }
    if (thrown && code_of(thrown) == asio::error::operation_aborted && !job->cancel_requested() &&
        !job->deadline().passed(std::chrono::steady_clock::now()))
        ++sum->returned;
    else if (thrown || end.exit_code != 0)
        count_failure(*job, *sum);
    if (thrown)
        std::rethrow_exception(thrown);
    if (end.exit_code != 0)
        throw std::runtime_error(reason_of(end));
    ++sum->completed;
    const auto result = result_of(end);
    co_return result ? queue::verdict::of_text(*result) : queue::verdict();
}

/// The worker, and what ends it. Lives on one loop.
struct work : std::enable_shared_from_this<work> {
    work(const executor& ex, queue::queue on, const work_words& given, const output& o)
        : jobs(std::move(on)),
          words(given),
          to(o),
          worker(jobs,
                 {.concurrency = words.concurrency, .queues = {words.queue}, .drain_timeout = as_long_as_they_run}),
          signals(ex, SIGINT, SIGTERM) {}

    awaitable<void> run();

private:
    void heed_signals();
    void spawn(awaitable<void> part);
    awaitable<void> stop_when_drained();

    const queue::queue jobs;
    const work_words words;
    const output& to;
    queue::worker worker;
    asio::signal_set signals;
    bool stopping = false;
    std::exception_ptr failure;
};

// The first: what runs may end. The second: what runs is ended.
void work::heed_signals() {
    signals.async_wait([self = shared_from_this()](boost::system::error_code ec, int) {
        if (ec)
            return;
        if (!std::exchange(self->stopping, true)) {
            self->to.err << "infra: stopping once what runs has ended; a second signal ends it\n";
            self->worker.stop();
            return self->heed_signals();
        }
        self->spawn(self->worker.stop(std::chrono::milliseconds(0)));
    });
}

// One that fails ends the worker, so that it is not waited for in vain.
void work::spawn(awaitable<void> part) {
    asio::co_spawn(signals.get_executor(), std::move(part), [self = shared_from_this()](std::exception_ptr e) {
        if (!e)
            return;
        self->failure = self->failure ? self->failure : e;
        self->worker.stop();
    });
}

awaitable<void> work::stop_when_drained() {
    for (;;) {
        const auto now = (co_await jobs.counts({words.queue})).at(0);
        if (now.waiting + now.delayed + now.active == 0)
            break;
        co_await jobs.time().sleep_for(look_whether_drained);
    }
    worker.stop();
}

awaitable<void> work::run() {
    const auto self = shared_from_this();
    heed_signals();
    if (words.drain)
        spawn(stop_when_drained());
    std::exception_ptr thrown;
    try {
        co_await worker.run();
    } catch (...) {
        thrown = std::current_exception();
    }
    signals.cancel();
    if (thrown || failure)
        std::rethrow_exception(thrown ? thrown : failure);
}

void refuse_what_never_drains(const work_words& words, const queue_session& with) {
    if (words.drain && with.ask(with.jobs.settings(words.queue)).paused)
        throw error(errc::invalid_state, "the queue is paused, so --drain would wait for ever; resume it first");
}

exit_code told(const tally& sum, const output& to) {
    to.print(
        std::to_string(sum.completed) + " completed, " + std::to_string(sum.failed) + " failed, " +
            std::to_string(sum.retried) + " attempts to be repeated, " + std::to_string(sum.returned) + " given back",
        {{"completed", sum.completed}, {"failed", sum.failed}, {"retried", sum.retried}, {"returned", sum.returned}});
    return sum.failed + sum.returned > 0 ? exit_code::partial : exit_code::ok;
}

// It may well be there before its first job. Whoever has no answer now is told so by the worker.
void tell_of_unknown_queue(const work_words& words, const queue_session& with) {
    try {
        if (const auto why = with.why_unknown(words.queue))
            with.to.err << "infra: " << *why << (words.drain ? "" : "; its first job is waited for") << std::endl;
    } catch (const boost::system::system_error&) {
    }
}

exit_code work_on(const work_words& words, const queue_session& with) {
    queue::check_name("the queue's name", words.queue);
    refuse_what_never_drains(words, with);
    tell_of_unknown_queue(words, with);
    const auto sum = std::make_shared<tally>();
    with.jobs.jobs()->define_others(
        [command = words.command, sum](std::string data, std::shared_ptr<queue::job_context> job) {
            return run_job(command, std::move(data), std::move(job), sum);
        });
    const log_to_people telling(with.to.err);
    event_loop loop("work");
    loop.start();
    const auto ex = loop.get_executor();
    wait(std::make_shared<work>(ex, with.jobs, words, with.to)->run(), ex);
    return told(*sum, with.to);
}

} // namespace

child_command command_for(std::string command, std::string data, const queue::job_context& job) {
    return {.command = std::move(command),
            .input = std::move(data) + "\n",
            .variables = {{"INFRA_JOB_ID", job.id()},
                          {"INFRA_JOB_NAME", job.name()},
                          {"INFRA_JOB_QUEUE", job.queue()},
                          {"INFRA_JOB_ATTEMPT", std::to_string(job.attempt())},
                          {"INFRA_JOB_ATTEMPTS", std::to_string(job.attempts())},
                          {"INFRA_JOB_FENCE", std::to_string(job.fence())}}};
}

std::optional<std::string> result_of(const child_end& end) {
    std::string_view text = end.out;
    while (text.ends_with('\n') || text.ends_with('\r'))
        text.remove_suffix(1);
    const auto begin = text.rfind('\n');
    if (begin == std::string_view::npos && end.out_cut)
        return std::nullopt; // its beginning is lost
    const auto line = text.substr(begin == std::string_view::npos ? 0 : begin + 1);
    const auto read = json::parse(line, {.max_bytes = line.size(), .max_depth = queue::detail::max_payload_depth});
    return read ? std::optional(json::to_text(*read)) : std::nullopt;
}

std::string reason_of(const child_end& end) {
    std::string reason = "exit code " + std::to_string(end.exit_code);
    if (end.exit_code > 128)
        reason += std::string(" (") + strsignal(end.exit_code - 128) + ")";
    std::string_view said = end.err;
    while (said.ends_with('\n') || said.ends_with('\r') || said.ends_with(' '))
        said.remove_suffix(1);
    if (said.size() > shown_of_stderr)
        return reason + ": …" + std::string(said.substr(said.size() - shown_of_stderr));
    return said.empty() ? reason : reason + ": " + std::string(said);
}

void add_queue_work(const queue_group& to) {
    const auto words = std::make_shared<work_words>();
    auto& app = to.add(
        {.name = "work",
         .description =
             "Runs a shell command for each job of a queue, with the payload as its standard input. Exit code 0 "
             "completes the job, and a last line of JSON is its result; another fails the attempt.",
         .examples =
             {"infra queue work mail --exec './send-mail' --concurrency 4",
              "infra queue work thumbnails --exec 'convert \"$(jq -r .file)\" -resize 100 out/$INFRA_JOB_ID.png' "
              "--drain"}},
        opening::to_stay, [words](const queue_session& with) { return work_on(*words, with); });
    app.add_option("queue", words->queue, "Whose jobs, of whatever name")->required()->type_name("QUEUE");
    app.add_option("--exec", words->command,
                   "For sh -c; INFRA_JOB_ID, _NAME, _QUEUE, _ATTEMPT, _ATTEMPTS and _FENCE are in its environment")
        ->required();
    app.add_option("--concurrency", words->concurrency, "So many at once")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    app.add_flag("--drain", words->drain, "End when nothing waits, is delayed or runs any more");
}

} // namespace infra::cli
