// A program of ours for tests of the mixed fleet to stop and kill.
//
//     queue_interop_child URL QUEUE work            runs the jobs `work` of QUEUE until it is killed
//     queue_interop_child URL QUEUE hold            the same, and its handlers wait for a line of input
//
// It says `ready` once it has a worker, `started ID` when a handler that waits was called and `ended ID` when that returned.

#include <infra/queue/redis.hpp>
#include <infra/queue/worker.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>

#include <cstdio>
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

void report(std::exception_ptr e) {
    if (e)
        std::fprintf(stderr, "child: %s\n", describe(e).c_str());
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    const std::string url = argv[1], name = argv[2];
    const bool holds = std::string_view(argv[3]) == "hold";
    event_loop loop;
    const queue::queue jobs(queue::make_redis_backend({.server = redis::options_from(url), .stalled_interval = 300ms},
                                                      {loop.get_executor()}));
    if (holds)
        jobs.define_job({.name = "work", .handler = hold, .queue = name});
    else
        jobs.define_job({.name = "work", .handler = perform, .queue = name});
    queue::worker worker(jobs, {.concurrency = 20, .lease = 500ms, .max_stalls = 1'000});
    asio::co_spawn(loop.get_executor(), worker.run(), report);
    say("ready");
    loop.run();
}
