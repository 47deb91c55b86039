// A program of ours for tests of the mixed fleet to stop and kill.
//
//     queue_interop_child URL QUEUE work            runs the jobs `work` of QUEUE until it is killed
//     queue_interop_child URL QUEUE hold            the same, and its handlers wait for a line of input
//     queue_interop_child URL QUEUE claim           takes a job and does nothing with it, as one that ends before the handler is called
//     queue_interop_child URL QUEUE die             ends when the handler is done, before it tells anybody
//     queue_interop_child URL QUEUE die_as_parent   the same; the handler has added the children `one` and `two` in `parts`
//
// It says `ready` once it has a worker, `claimed ID` when it has taken one, `started ID` when a handler that waits was called and
// `ended ID` when a handler is over.

#include <infra/queue/flow.hpp>
#include <infra/queue/redis.hpp>
#include <infra/queue/worker.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>

namespace {

using namespace infra;
using namespace std::chrono_literals;

void say(const std::string& line) {
    static std::mutex lock;
    const std::lock_guard guard(lock);
    std::cout << line << std::endl;
}

void hold(queue::job_context& job) {
    say("started " + job.id());
    std::string line;
    std::getline(std::cin, line);
    say("ended " + job.id());
}

awaitable<json::value> perform(json::value data) {
    co_await real_clock().sleep_for(1ms);
    co_return data;
}

void die(queue::job_context& job) {
    say("ended " + job.id());
    std::_Exit(0);
}

awaitable<void> add_children(queue::queue jobs, queue::job_context& job) {
    std::vector<queue::flow> parts;
    for (const auto* id : {"one", "two"})
        parts.push_back(queue::flow("resize", json::object{{"id", id}}, {.id = id, .queue = "parts"}));
    co_await jobs.enqueue_children(job, std::move(parts));
}

void define(const queue::queue& jobs, const std::string& name, std::string_view how) {
    if (how == "hold")
        jobs.define_job({.name = "work", .handler = hold, .queue = name});
    else if (how == "die")
        jobs.define_job({.name = "work", .handler = die, .queue = name});
    else if (how == "die_as_parent")
        jobs.define_job({.name = "work",
                         .handler = [jobs](json::value, queue::job_context& job) -> awaitable<void> {
                             co_await add_children(jobs, job);
                             die(job);
                         },
                         .queue = name});
    else
        jobs.define_job({.name = "work", .handler = perform, .queue = name});
}

awaitable<void> claim(queue::queue jobs, std::string name) {
    auto& time = real_clock();
    for (;;) {
        const auto found = co_await jobs.stored()->claim({.queues = {name},
                                                          .worker = "child",
                                                          .lease = 500ms,
                                                          .now = time.wall(),
                                                          .wait = true,
                                                          .due = time.wall() + 50ms,
                                                          .time = &time});
        for (const auto& each : found.jobs)
            say("claimed " + each.held.job.id);
        if (!found.jobs.empty())
            co_return;
    }
}

void report(std::exception_ptr e) {
    if (e)
        std::fprintf(stderr, "child: %s\n", describe(e).c_str());
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    const std::string url = argv[1], name = argv[2], how = argv[3];
    event_loop loop;
    const queue::queue jobs(queue::make_redis_backend({.server = redis::options_from(url), .stalled_interval = 300ms},
                                                      {loop.get_executor()}));
    define(jobs, name, how);
    queue::worker worker(jobs, {.concurrency = 20, .lease = 500ms, .max_stalls = 1'000});
    if (how == "claim")
        asio::co_spawn(loop.get_executor(), claim(jobs, name), report);
    else
        asio::co_spawn(loop.get_executor(), worker.run(), report);
    say("ready");
    loop.run();
}
