// The queue on Redis beside npm's bullmq, on one redis-server: jobs a second, what each costs the server, how long an idle worker takes to
// begin, and how large a process is with many jobs in flight.
//
//     queue_redis_redis_bench [--json FILE] [--jobs N]
//
// The server has the first core, its client the second. All is measured in two ways, for both alike: `kept_aof`, where a thousand completed
// jobs are kept, and the server syncs its file each second; `removed_ram`, where completed jobs go at once, and the server writes no file.

#include "peers.hpp"

#include <infra/queue.hpp>
#include <infra/queue/redis.hpp>
#include <infra/redis.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <future>
#include <list>

namespace {

namespace fs = std::filesystem;
using namespace infra;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr std::size_t callers = 100, bulk = 1000, rounds = 1000, queues = 10, in_flight = 640;

struct payload {
    std::string user_id = "0190b5a0-7c3e-7000-8000-000000000000";
    std::string email = "someone@example.org";
};
BOOST_DESCRIBE_STRUCT(payload, (), (user_id, email))

void stay_on(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

struct mode {
    std::string name;
    std::string append_only; ///< redis-server's appendonly; its appendfsync is everysec
    std::size_t kept;        ///< of completed jobs

    std::string text() const {
        return "completed jobs kept: " + std::to_string(kept) + "; append-only file: " + append_only;
    }
};
const std::array modes{mode{"kept_aof", "yes", 1000}, mode{"removed_ram", "no", 0}};

class server {
public:
    server(fs::path folder, const mode& m)
        : kept(m.kept),
          folder_(std::move(folder)),
          port(testing::free_port()),
          process_({"redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "", "--appendonly",
                    m.append_only, "--appendfsync", "everysec", "--dir", folder_.string(), "--loglevel", "warning"},
                   bench::detail::server_core) {}
    ~server() { fs::remove_all(folder_); }

    const std::size_t kept;

private:
    const fs::path folder_;

public:
    const std::uint16_t port;

private:
    bench::process process_;
};

struct measured {
    double rate = 0;
    double server_time = 0; ///< of a job, in microseconds
};

/// An empty server's queue, as a program has it, that does all on one loop.
class subject {
public:
    explicit subject(const server& on)
        : port_(on.port),
          work(jobs.define_job<payload>({.name = "work",
                                         .handler = [this](const payload&) -> awaitable<void> {
                                             ++done;
                                             co_return;
                                         },
                                         .keep_completed = {.count = on.kept}})) {
        loop.start();
        ask({"FLUSHALL"});
    }
    ~subject() {
        await(jobs.stop(deadline::never()));
        await(direct_.stop(deadline::never()));
        loop.stop();
    }

    template <class T>
    T await(awaitable<T> what) {
        return wait(std::move(what), loop.get_executor());
    }
    redis::reply ask(redis::command c) { return await(direct_.execute(std::move(c))); }

    measured measure(std::size_t n, const std::function<void()>& act) {
        const auto before = server_time();
        const auto rate = bench::detail::rate_of(n, act);
        return {.rate = rate, .server_time = (server_time() - before) / static_cast<double>(n)};
    }

private:
    double server_time() {
        const auto cpu = ask({"INFO", "cpu"}).as_text();
        const auto of = [&](std::string_view name) { return std::stod(cpu.substr(cpu.find(name) + name.size())); };
        return 1e6 * (of("used_cpu_sys:") + of("used_cpu_user:"));
    }

    const std::uint16_t port_;

public:
    event_loop loop{"client"};
    std::atomic<std::size_t> done{0};
    queue::queue jobs{queue::make_redis_backend({.server = {.port = port_}}, {loop.get_executor()})};
    queue::job<payload> work;

private:
    redis::client direct_{{loop.get_executor()}, {.port = port_}};
};

// --- Adding --------------------------------------------------------------------------------------------------------

awaitable<void> add_one_by_one(const subject* s, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        co_await s->jobs.enqueue(s->work, {});
}

awaitable<void> add_bulks(const subject* s, std::size_t n) {
    const std::vector<payload> data(bulk);
    for (std::size_t i = 0; i < n; i += bulk)
        co_await s->jobs.enqueue_bulk(s->work, data);
}

void add_at_once(subject& s, std::size_t n) {
    std::vector<std::future<void>> all;
    for (std::size_t i = 0; i < callers; ++i)
        all.push_back(asio::co_spawn(s.loop.get_executor(), add_one_by_one(&s, n / callers), asio::use_future));
    for (auto& each : all)
        each.get();
}

// --- Performing ----------------------------------------------------------------------------------------------------

class running_worker {
public:
    running_worker(subject& s, queue::worker_options options)
        : worker_(s.jobs, std::move(options)),
          end_(asio::co_spawn(s.loop.get_executor(), worker_.run(), asio::use_future)) {}
    ~running_worker() {
        worker_.stop();
        end_.get();
    }

private:
    queue::worker worker_;
    std::future<void> end_;
};

void perform(subject& s, std::size_t n, queue::worker_options how) {
    const running_worker w(s, std::move(how));
    while (s.done < n)
        std::this_thread::sleep_for(500us);
}

measured process(const server& on, std::size_t n, const queue::worker_options& how) {
    subject s(on);
    s.await(add_bulks(&s, n));
    return s.measure(n, [&] { perform(s, n, how); });
}

/// From the call of enqueue to the handler's first line, of an idle worker; microseconds, sorted.
std::vector<double> latencies(const server& on) {
    subject s(on);
    std::atomic<steady::time_point> entered{};
    const auto ping = s.jobs.define_job<payload>({.name = "ping", .handler = [&](const payload&) -> awaitable<void> {
                                                      entered = steady::now();
                                                      ++s.done;
                                                      co_return;
                                                  }});
    const running_worker w(s, {.concurrency = 10});
    std::vector<double> all;
    for (std::size_t i = 0; i < rounds; ++i) {
        std::this_thread::sleep_for(2ms);
        const auto began = steady::now();
        s.await(s.jobs.enqueue(ping, {}));
        while (s.done <= i)
            std::this_thread::sleep_for(20us);
        all.push_back(std::chrono::duration<double, std::micro>(entered.load() - began).count());
    }
    std::ranges::sort(all);
    return all;
}

// --- Memory --------------------------------------------------------------------------------------------------------

double resident_mib() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0, resident = 0;
    statm >> all >> resident;
    return static_cast<double>(resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))) / (1 << 20);
}

/// Of this process, while the handlers of many queues wait for its end.
double memory_in_flight(const server& on) {
    subject s(on);
    asio::steady_timer gate(s.loop.get_executor(), steady::time_point::max());
    std::list<running_worker> workers;
    for (std::size_t i = 0; i < queues; ++i) {
        const auto name = "queue" + std::to_string(i);
        const auto held = s.jobs.define_job<payload>({.name = "held in " + name,
                                                      .handler = [&](const payload&) -> awaitable<void> {
                                                          ++s.done;
                                                          co_await gate.async_wait(asio::as_tuple(asio::use_awaitable));
                                                      },
                                                      .queue = name});
        s.await(s.jobs.enqueue_bulk(held, std::vector<payload>(in_flight)));
        workers.emplace_back(s, queue::worker_options{.concurrency = in_flight, .queues = {name}});
    }
    while (s.done < queues * in_flight)
        std::this_thread::sleep_for(1ms);
    const auto size = resident_mib();
    asio::post(s.loop.get_executor(), [&] { gate.cancel(); });
    return size;
}

// --- Beside BullMQ -------------------------------------------------------------------------------------------------

json::object bullmq_on(const server& on, std::size_t n) {
    const auto scripts = bench::peers_folder_with("bullmq", "queue");
    if (!scripts)
        return {};
    bench::process node({"node", (*scripts / "bullmq_on_redis.mjs").string(), std::to_string(on.port),
                         std::to_string(n), std::to_string(on.kept)},
                        bench::detail::client_core);
    const auto read = json::parse(node.everything());
    return read && read->is_object() ? read->as_object() : json::object();
}

class comparison {
public:
    comparison(bench::report& to, std::string mode, json::object theirs)
        : to_(to), mode_(std::move(mode)), theirs_(std::move(theirs)) {}

    /// `way`: one of several ways of ours to do the same.
    void add(const std::string& name, const measured& ours, const std::string& way = "") {
        add(name, way + "rate", ours.rate, "jobs/s", bench::better::more);
        add(name, way + "server", ours.server_time, "us of Redis", bench::better::less);
    }
    void add(const std::string& name, const std::string& which, double ours, const std::string& unit,
             bench::better is) {
        const auto what = which.substr(which.rfind('.') + 1);
        const auto* group = theirs_.if_contains(name);
        const auto* value = group && group->is_object() ? group->as_object().if_contains(what) : group;
        to_.add({"queue_redis." + mode_ + "." + name + "." + which, ours, unit, "bullmq 6.7",
                 value ? value->to_number<double>() : 0, is});
    }

private:
    bench::report& to_;
    const std::string mode_;
    const json::object theirs_;
};

void compare_rates(const server& on, std::size_t n, comparison& to) {
    {
        subject s(on);
        to.add("add_at_once", s.measure(n, [&] { add_at_once(s, n); }));
    }
    {
        subject s(on);
        to.add("add_bulk", s.measure(n, [&] { s.await(add_bulks(&s, n)); }));
    }
    to.add("process_100", process(on, n, {.concurrency = 100}));
    to.add("process_100", process(on, n, {.concurrency = 100, .ahead = 0}), "ahead_0.");
    to.add("process_1", process(on, n / 10, {.concurrency = 1}));
    to.add("process_1", process(on, n / 10, {.concurrency = 1, .ahead = 0}), "ahead_0.");
}

void compare_waits(const server& on, comparison& to) {
    const auto waits = latencies(on);
    to.add("latency", "p50", waits[rounds / 2], "us", bench::better::less);
    to.add("latency", "p99", waits[rounds * 99 / 100], "us", bench::better::less);
}

int compare(const bench::arguments& a) {
    const auto n = static_cast<std::size_t>(a["jobs"]);
    const auto folder = fs::current_path() / "infra-queue-redis-bench";
    bench::report report(a);
    for (const auto& each : modes) {
        fs::create_directories(folder);
        const server on(folder, each);
        comparison to(report, each.name, bullmq_on(on, n));
        stay_on(bench::detail::client_core);
        std::printf("%s: %s\n", each.name.c_str(), each.text().c_str());
        if (&each == modes.begin()) // later it has what it once had
            to.add("memory", "in_flight", memory_in_flight(on), "MiB", bench::better::less);
        compare_rates(on, n, to);
        compare_waits(on, to);
    }
    return 0;
}

} // namespace

int main(int count, char** values) { return bench::run(count, values, {{"jobs", 40'000}}, compare); }
