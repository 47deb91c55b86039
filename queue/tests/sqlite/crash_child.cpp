// A process for crash_test.cpp to kill: adds jobs and runs jobs, and writes down what it was told and what it did.
//
//     queue_crash_child FILE FOLDER work     until it is killed
//     queue_crash_child FILE FOLDER drain    until nothing is left to do
//     queue_crash_child FILE FOLDER run      what others added, until it is killed
//     queue_crash_child FILE FOLDER hold     like run, with leases of ten minutes, and its handlers do not end
//     queue_crash_child FILE FOLDER wait     like run, and its handlers wait for FOLDER/go, whoever wants them to stop
//     queue_crash_child FILE FOLDER fill     adds and runs jobs with files of at most 1 MiB, and some more without that limit once
//                                            FOLDER/go is there; until nothing is left to do
//
// FOLDER/acknowledged gets a line for each id that enqueue returned, FOLDER/started one for each handler that was called (id,
// fence, process), FOLDER/done one for each that ran to its end. A handler that waits for FOLDER/go writes to the program's
// table `effects` only where no greater fence stands, and adds to its line whether it could. FOLDER/refused gets the sentences of
// what enqueue threw.
// A line is one write(2) to a file opened for appending: it survives the process, and lines of several do not mix.

#include <infra/base/context_executor.hpp>
#include <infra/queue.hpp>
#include <infra/queue/sqlite.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

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

void limit_files_to(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    struct rlimit size{};
    ::getrlimit(RLIMIT_FSIZE, &size);
    size.rlim_cur = std::min(bytes, size.rlim_max);
    ::setrlimit(RLIMIT_FSIZE, &size);
}

awaitable<bool> try_to_add(queue::queue jobs, queue::job<number> count, int n, const lines* acknowledged,
                           const lines* refused) {
    try {
        acknowledged->add(co_await jobs.enqueue(count, {n}));
        co_return true;
    } catch (const error& e) {
        refused->add(e.what());
    }
    co_return false;
}

// As long as the file may grow, and some more once it may again.
awaitable<void> fill(queue::queue jobs, queue::job<number> count, std::string folder, const lines* acknowledged) {
    const lines refused(folder + "/refused");
    int n = 0;
    while (co_await try_to_add(jobs, count, n, acknowledged, &refused))
        ++n;
    while (!std::filesystem::exists(folder + "/go"))
        co_await try_to_add(jobs, count, n, acknowledged, &refused);
    limit_files_to(RLIM_INFINITY);
    for (int more = 0; more < 100; ++more)
        co_await try_to_add(jobs, count, n + more, acknowledged, &refused);
}

// As a user's handler would.
bool write_effect(const std::string& file, const queue::job_context& job) {
    sqlite3* db = nullptr;
    sqlite3_open(file.c_str(), &db);
    sqlite3_busy_timeout(db, 30'000);
    const auto sql = "INSERT INTO effects VALUES ('" + job.id() + "', " + std::to_string(job.fence()) +
                     ", 'child') ON CONFLICT (id) DO UPDATE SET fence = excluded.fence, writer = excluded.writer "
                     "WHERE excluded.fence > fence";
    const bool written =
        sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK && sqlite3_changes(db) > 0;
    sqlite3_close(db);
    return written;
}

/// What the handlers do.
struct work {
    std::string file, folder, what;
    lines acknowledged{folder + "/acknowledged"}, started{folder + "/started"}, done{folder + "/done"};

    void begin(const queue::job_context& job) const {
        started.add(job.id() + " " + std::to_string(job.fence()) + " " + std::to_string(::getpid()));
    }
    awaitable<void> run(queue::job_context* job) const {
        begin(*job);
        co_await real_clock().sleep_for(what == "hold" ? 1h : 1ms);
        done.add(job->id());
    }
    void wait(const queue::job_context& job) const {
        begin(job);
        while (!std::filesystem::exists(folder + "/go"))
            std::this_thread::sleep_for(5ms);
        done.add(job.id() + (write_effect(file, job) ? " written" : " refused"));
    }
    queue::job_handler<number> handler() const {
        if (what == "wait")
            return [this](number, queue::job_context& job) { wait(job); };
        return [this](number, queue::job_context& job) -> awaitable<void> { return run(&job); };
    }
    std::chrono::milliseconds lease() const { return what == "hold" ? 10min : what == "wait" ? 1s : 300ms; }
};

void report(std::exception_ptr e) {
    if (e)
        std::fprintf(stderr, "child: %s\n", describe(e).c_str());
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    const work w{argv[1], argv[2], argv[3]};
    if (w.what == "fill")
        limit_files_to(1 << 20);
    asio::io_context io(1);
    const auto ex = with_context(io.get_executor());
    const queue::queue jobs(queue::make_sqlite_backend(
        {.file = w.file, .durability = queue::durability::normal, .busy_timeout = 30s, .poll = 5ms}));
    const auto count = jobs.define_job<number>(
        {.name = "count", .handler = w.handler(), .attempts = 1000, .keep_completed = {}, .keep_failed = {}});
    queue::worker worker(jobs, {.concurrency = 8, .lease = w.lease(), .max_stalls = 1'000'000});
    asio::co_spawn(ex, worker.run(), report);
    const auto fill_and_drain = [&]() -> awaitable<void> { // as long as the loop runs
        co_await fill(jobs, count, w.folder, &w.acknowledged);
        co_await stop_when_drained(jobs, worker);
    };
    if (w.what == "fill")
        asio::co_spawn(ex, fill_and_drain(), report);
    else if (w.what == "drain")
        asio::co_spawn(ex, stop_when_drained(jobs, worker), report);
    else if (w.what == "work")
        for (int i = 0; i < 3; ++i)
            asio::co_spawn(ex, produce(jobs, count, &w.acknowledged), report);
    io.run();
    return 0;
}
