// How many jobs a second go in and come out, on one file, with its durability beside every number.
//
//     queue_sqlite_queue_bench [--json FILE] [--jobs N] [--folder DIR] [--only PART-OF-A-NAME] [--peers no]
//
// DIR (the working directory if not given) decides what an fsync costs: a tmpfs pays nothing for it. Beside ours run Debian's
// beanstalkd with its binlog and npm's bullmq on redis-server, where they are there.

#include "peers.hpp"

#include <infra/base/context_executor.hpp>
#include <infra/base/id.hpp>
#include <infra/queue.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace infra;
using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

struct payload {
    std::string user_id = "0190b5a0-7c3e-7000-8000-000000000000";
    std::string email = "someone@example.org";
};
BOOST_DESCRIBE_STRUCT(payload, (), (user_id, email))

struct arguments {
    std::string json{};
    std::string only{};
    bool peers = true;
    std::size_t jobs = 50'000;
    fs::path folder = fs::current_path();
};

/// A fresh file, gone with this.
class subject {
public:
    subject(const arguments& a, queue::durability kept)
        : folder_(a.folder / ("infra-queue-bench-" + random_hex(4))),
          jobs(queue::make_sqlite_backend({.file = folder_ / "queue.db", .durability = kept})),
          work(jobs.define_job<payload>({.name = "work",
                                         .handler = [this](const payload&) -> awaitable<void> {
                                             ++done;
                                             co_return;
                                         },
                                         .keep_completed = {.count = 1000}})) {
        producers.start();
        workers.start();
    }
    ~subject() {
        wait(jobs.stop(deadline::never()), producers.get_executor());
        producers.stop();
        workers.stop();
        fs::remove_all(folder_);
    }
    fs::path file() const { return folder_ / "queue.db"; }

private:
    fs::path folder_;

public:
    event_loop producers{"producers"}, workers{"workers"};
    std::atomic<std::size_t> done{0};
    queue::queue jobs;
    queue::job<payload> work;
};

awaitable<void> add_one_by_one(const subject* s, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        co_await s->jobs.enqueue(s->work, {});
}

awaitable<void> add_in_bulk(const subject* s, std::size_t n, std::size_t batch) {
    const std::vector<payload> data(batch);
    for (std::size_t i = 0; i < n; i += batch)
        co_await s->jobs.enqueue_bulk(s->work, data);
}

/// `together` coroutines that add their share of `n`.
void add(const subject& s, std::size_t n, std::size_t together) {
    std::vector<std::future<void>> all;
    auto& loop = const_cast<event_loop&>(s.producers);
    for (std::size_t i = 0; i < together; ++i)
        all.push_back(asio::co_spawn(loop.get_executor(), add_one_by_one(&s, n / together), asio::use_future));
    for (auto& each : all)
        each.get();
}

double rate(std::size_t n, const std::function<void()>& what) {
    const auto begin = std::chrono::steady_clock::now();
    what();
    return static_cast<double>(n) / seconds(std::chrono::steady_clock::now() - begin).count();
}

/// Runs a worker until `n` jobs are done.
class running_worker {
public:
    running_worker(subject& s, std::size_t concurrency)
        : subject_(s),
          worker_(s.jobs, {.concurrency = concurrency}),
          end_(asio::co_spawn(s.workers.get_executor(), worker_.run(), asio::use_future)) {}
    ~running_worker() {
        worker_.stop();
        end_.get();
    }
    void wait_for(std::size_t n) const {
        while (subject_.done < n)
            std::this_thread::sleep_for(200us);
    }

private:
    subject& subject_;
    queue::worker worker_;
    std::future<void> end_;
};

double process(const arguments& a, queue::durability kept, std::size_t concurrency, std::size_t n) {
    subject s(a, kept);
    wait(add_in_bulk(&s, n, 1000), s.producers.get_executor());
    return rate(n, [&] {
        const running_worker w(s, concurrency);
        w.wait_for(n);
    });
}

double end_to_end(const arguments& a, queue::durability kept) {
    subject s(a, kept);
    const running_worker w(s, 100);
    return rate(a.jobs, [&] {
        add(s, a.jobs, 100);
        w.wait_for(a.jobs / 100 * 100);
    });
}

/// Another process has a connection of its own, and so has what stands for it here.
enum class producer { same_process, other_process };

/// From the call of enqueue to the handler's first line, of an idle worker; microseconds, sorted.
std::vector<double> latencies(const arguments& a, queue::durability kept, producer from) {
    subject s(a, kept);
    const queue::queue other(queue::make_sqlite_backend({.file = s.file(), .durability = kept}));
    const auto& jobs = from == producer::same_process ? s.jobs : other;
    std::atomic<std::chrono::steady_clock::time_point> entered{};
    std::atomic<std::size_t> count = 0;
    const auto ping =
        s.jobs.define_job<queue::no_data>({.name = "ping", .handler = [&](queue::no_data) -> awaitable<void> {
                                               entered = std::chrono::steady_clock::now();
                                               ++count;
                                               co_return;
                                           }});
    const running_worker w(s, 10);
    std::vector<double> all;
    for (std::size_t i = 0; i < 1000; ++i) {
        std::this_thread::sleep_for(300us); // the last one is recorded, and the worker waits again
        const auto begin = std::chrono::steady_clock::now();
        wait(jobs.enqueue(ping, {}), s.producers.get_executor());
        while (count <= i)
            std::this_thread::yield();
        all.push_back(seconds(entered.load() - begin).count() * 1e6);
    }
    wait(other.stop(deadline::never()), s.producers.get_executor());
    std::ranges::sort(all);
    return all;
}

/// A figure, and that of a peer, if there is one.
struct figure {
    std::string name{};
    double ours = 0;
    std::string unit{};
    std::string peer{};
    double theirs = 0;
};

class report {
public:
    explicit report(const arguments& a) : only_(a.only) {
        if (!a.json.empty())
            file_.open(a.json, std::ios::app);
        std::printf("%-44s %14s  %-8s %24s %10s %8s\n", "", "ours", "", "peer", "peer's", "ratio");
    }

    /// Whether the figure was asked for: all are, unless --only names a part of some.
    bool wants(const std::string& name) const { return name.find(only_) != name.npos; }

    template <class Measure>
    void jobs_per_second(const std::string& name, Measure measure) {
        if (wants(name))
            add({name, rates_[name] = measure(), "jobs/s"});
    }

    /// What the peer does in the same time; ours was measured before.
    void beside(const std::string& name, const std::string& peer, double theirs) {
        if (const auto mine = rates_.find(name); mine != rates_.end() && theirs > 0)
            add({name, mine->second, "jobs/s", peer, theirs});
    }

    void add(const figure& f) {
        const auto ratio = f.theirs > 0 ? f.ours / f.theirs : 0;
        std::printf("%-44s %14.0f  %-8s", f.name.c_str(), f.ours, f.unit.c_str());
        if (f.theirs > 0)
            std::printf(" %24s %10.0f %8.2f", f.peer.c_str(), f.theirs, ratio);
        std::printf("\n");
        std::fflush(stdout);
        const auto if_any = [&](auto value) { return f.theirs > 0 ? json::value(value) : json::value(nullptr); };
        if (file_.is_open())
            file_ << json::to_text(json::value{{"name", f.name},
                                               {"ours", f.ours},
                                               {"unit", f.unit},
                                               {"peer", if_any(f.peer)},
                                               {"peer_value", if_any(f.theirs)},
                                               {"ratio", if_any(ratio)}})
                  << '\n';
    }

private:
    const std::string only_;
    std::ofstream file_;
    std::map<std::string, double> rates_;
};

/// What each claim of one job costs on top of so many that wait, and how much larger the process is then; microseconds, MiB.
struct backlog_cost {
    double claim = 0;
    double memory = 0;
};

double resident_mib() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0, resident = 0;
    statm >> all >> resident;
    return static_cast<double>(resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) / (1 << 20);
}

awaitable<double> claim_and_finish(std::shared_ptr<queue::backend> stored, std::size_t n) {
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < n; ++i) {
        const auto now = real_clock().wall();
        auto taken = co_await stored->claim({.queues = {"work"}, .max = 1, .worker = "bench", .now = now});
        std::vector<queue::outcome> ends;
        ends.push_back({.held = taken.jobs.at(0).held, .at = now, .keep = {.count = 1000}});
        co_await stored->finish(std::move(ends));
    }
    co_return seconds(std::chrono::steady_clock::now() - begin).count() * 1e6 / static_cast<double>(n);
}

backlog_cost with_backlog(const arguments& a, std::size_t waiting) {
    constexpr std::size_t claims = 5000;
    subject s(a, queue::durability::normal);
    const auto ex = s.producers.get_executor();
    wait(add_in_bulk(&s, 10'000, 1000), ex);
    const auto before = resident_mib();
    wait(add_in_bulk(&s, waiting - 10'000, 1000), ex);
    const auto claim = wait(claim_and_finish(s.jobs.stored(), claims), ex);
    return {claim, resident_mib() - before};
}

void measure_backlog(const arguments& a, report& to) {
    if (!to.wants("queue.normal.backlog"))
        return;
    to.add({"queue.normal.backlog.claim_of_10000", with_backlog(a, 10'000).claim, "us"});
    const auto many = with_backlog(a, 1'000'000);
    to.add({"queue.normal.backlog.claim_of_1000000", many.claim, "us"});
    to.add({"queue.normal.backlog.memory_growth", many.memory, "MiB"});
}

void measure(const arguments& a, queue::durability kept, report& to) {
    const std::string of = kept == queue::durability::full ? "queue.full." : "queue.normal.";
    to.jobs_per_second(of + "enqueue.one_by_one", [&] {
        subject s(a, kept);
        const auto few = std::min<std::size_t>(a.jobs, 5000);
        return rate(few, [&] { wait(add_one_by_one(&s, few), s.producers.get_executor()); });
    });
    to.jobs_per_second(of + "enqueue.100_at_once", [&] {
        subject s(a, kept);
        return rate(a.jobs, [&] { add(s, a.jobs, 100); });
    });
    to.jobs_per_second(of + "enqueue.bulk_of_1000", [&] {
        subject s(a, kept);
        return rate(a.jobs, [&] { wait(add_in_bulk(&s, a.jobs, 1000), s.producers.get_executor()); });
    });
    to.jobs_per_second(of + "process.concurrency_1",
                       [&] { return process(a, kept, 1, std::min<std::size_t>(a.jobs, 5000)); });
    to.jobs_per_second(of + "process.concurrency_100", [&] { return process(a, kept, 100, a.jobs); });
    to.jobs_per_second(of + "end_to_end.concurrency_100", [&] { return end_to_end(a, kept); });
    for (const auto& [name, from] : {std::pair(of + "latency", producer::same_process),
                                     std::pair(of + "latency_across_processes", producer::other_process)}) {
        if (!to.wants(name))
            continue;
        const auto waits = latencies(a, kept, from);
        to.add({name + ".p50", waits[waits.size() / 2], "us"});
        to.add({name + ".p99", waits[waits.size() * 99 / 100], "us"});
    }
}

/// The same jobs through those, with a storage that survives the same: nothing synced but the end of the process, or each job.
void measure_peers(const arguments& a, queue::durability kept, report& to) {
    const bool full = kept == queue::durability::full;
    const std::string of = full ? "queue.full." : "queue.normal.";
    const auto enqueue = of + "enqueue.100_at_once", process = of + "process.concurrency_100",
               end_to_end = of + "end_to_end.concurrency_100";
    if (!a.peers || (!to.wants(enqueue) && !to.wants(process) && !to.wants(end_to_end)))
        return;
    const auto folder = a.folder / ("infra-queue-bench-" + random_hex(4));
    const auto add = [&](const std::string& name, const bench::peer_rates& their) {
        to.beside(enqueue, name, their.enqueue);
        to.beside(process, name, their.process);
        to.beside(end_to_end, name, their.end_to_end);
    };
    // A sync for each job takes a while: fewer of them say as much.
    add(full ? "beanstalkd -f0" : "beanstalkd -F",
        bench::beanstalkd(full ? 2'000 : a.jobs, json::to_text(payload()), folder, full ? "-f0" : "-F"));
    add(full ? "bullmq, fsync always" : "bullmq, fsync everysec",
        bench::bullmq(std::min<std::size_t>(a.jobs, 20'000), folder, full ? "always" : "everysec"));
}

arguments read(int argc, char** argv) {
    arguments a;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string what = argv[i], value = argv[i + 1];
        if (what == "--json")
            a.json = value;
        else if (what == "--only")
            a.only = value;
        else if (what == "--peers")
            a.peers = value != "no";
        else if (what == "--jobs")
            a.jobs = std::stoul(value);
        else if (what == "--folder")
            a.folder = value;
    }
    return a;
}

} // namespace

int main(int argc, char** argv) {
    const auto a = read(argc, argv);
    report to(a);
    for (const auto kept : {queue::durability::full, queue::durability::normal}) {
        measure(a, kept, to);
        measure_peers(a, kept, to);
    }
    measure_backlog(a, to);
}
