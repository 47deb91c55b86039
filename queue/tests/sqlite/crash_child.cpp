// A process for crash_test.cpp to kill: adds jobs and runs jobs, and writes down what it was told and what it did.
//
//     queue_crash_child FILE FOLDER work     until it is killed
//     queue_crash_child FILE FOLDER drain    until nothing is left to do
//
// FOLDER/acknowledged gets a line for each id that enqueue returned, FOLDER/done one for each handler that ran to its end.
// A line is one write(2) to a file opened for appending: it survives the process, and lines of several do not mix.

#include <infra/base/context_executor.hpp>
#include <infra/queue.hpp>
#include <infra/queue/sqlite.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>

namespace {

using namespace infra;
using namespace std::chrono_literals;

class lines {
public:
    explicit lines(const std::string& file)
        : fd_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {}
    void add(const std::string& text) const {
        const auto line = text + "\n";
        if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
            std::perror("write");
    }

private:
    int fd_;
};

struct number {
    int n = 0;
};
BOOST_DESCRIBE_STRUCT(number, (), (n))

// One at a time, several at once, some with a delay.
awaitable<void> produce(queue::queue jobs, queue::job<number> count, const lines* acknowledged) {
    for (int n = 0;; ++n) {
        std::vector<queue::job_id> ids;
        if (n % 3 == 0)
            ids = co_await jobs.enqueue_bulk(count, {{n}, {n}, {n}});
        else
            ids.push_back(co_await jobs.enqueue(count, {n}, {.delay = std::chrono::milliseconds(n % 3 == 1 ? 5 : 0)}));
        for (const auto& id : ids)
            acknowledged->add(id);
    }
}

awaitable<void> stop_when_drained(queue::queue jobs, queue::worker worker) {
    while (true) {
        std::size_t left = 0;
        for (const auto& each : co_await jobs.counts())
            left += each.waiting + each.delayed + each.active;
        if (left == 0)
            break;
        co_await real_clock().sleep_for(5ms);
    }
    co_await worker.stop(10s);
    co_await jobs.stop(deadline::after(10s));
}

void report(std::exception_ptr e) {
    if (e)
        std::fprintf(stderr, "child: %s\n", describe(e).c_str());
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    const std::string file = argv[1], folder = argv[2], what = argv[3];
    const lines acknowledged(folder + "/acknowledged"), done(folder + "/done");

    asio::io_context io(1);
    const auto ex = with_context(io.get_executor());
    const queue::queue jobs(queue::make_sqlite_backend(
        {.file = file, .durability = queue::durability::normal, .busy_timeout = 30s, .poll = 5ms}));
    const auto count = jobs.define_job<number>({.name = "count",
                                                .handler = [&done](number, queue::job_context& job) -> awaitable<void> {
                                                    co_await real_clock().sleep_for(1ms);
                                                    done.add(job.id());
                                                },
                                                .attempts = 1000,
                                                .keep_completed = {},
                                                .keep_failed = {}});
    queue::worker worker(jobs, {.concurrency = 8, .lease = 300ms, .max_stalls = 1'000'000});
    asio::co_spawn(ex, worker.run(), report);
    if (what == "drain")
        asio::co_spawn(ex, stop_when_drained(jobs, worker), report);
    else
        for (int i = 0; i < 3; ++i)
            asio::co_spawn(ex, produce(jobs, count, &acknowledged), report);
    io.run();
    return 0;
}
