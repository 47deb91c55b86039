// How many jobs a second the scripts of src/redis/scripts add, end and take, beside npm's bullmq on a redis-server of the same settings
// (append-only file, fsync every second), which has the first core; clients have the second.
//
//     queue_redis_redis_scripts_bench [--json FILE] [--jobs N]
//
// Two calls are under way at any time, as those of a backend would be. Redis's own time for a job is printed with them.

#include "peers.hpp"

#include "src/redis/add_jobs.hpp"
#include "src/redis/work.hpp"

#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <sched.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <future>
#include <memory>

namespace {

using namespace infra;
using namespace infra::queue::redis_backend;
using queue::new_job;

constexpr int calls_under_way = 2;

new_job a_job() {
    return {.queue = "work",
            .name = "work",
            .data = R"({"user_id":"0190b5a0-7c3e-7000-8000-000000000000","email":"someone@example.org"})",
            .options = {.keep_completed = {.count = 1000}},
            .created_at = real_clock().wall()};
}

/// A server of its own, and a client of it.
class subject {
public:
    explicit subject(const std::filesystem::path& folder)
        : folder_((std::filesystem::create_directories(folder), folder)),
          port_(testing::free_port()),
          server_({"redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1", "--save", "", "--appendonly",
                   "yes", "--appendfsync", "everysec", "--dir", folder_.string(), "--loglevel", "warning"},
                  bench::detail::server_core),
          client_({loop_.get_executor()}, {.port = port_}) {
        loop_.start();
    }
    ~subject() {
        ask(client_.stop(deadline::never()));
        loop_.stop();
        std::filesystem::remove_all(folder_);
    }

    void add(std::size_t n, std::size_t together, std::size_t calls) {
        all_of(calls, [&] { return add_some(n / calls, together); });
    }
    void work(std::size_t n, std::size_t together) {
        left_ = n;
        all_of(together == 1 ? 1 : calls_under_way, [&] { return work_some(together); });
    }

    /// Microseconds that the server has computed.
    double server_time() {
        const auto info = ask(client_.execute<std::string>({"INFO", "cpu"}));
        const auto seconds = [&](const char* name) {
            return std::stod(info.substr(info.find(name) + std::strlen(name)));
        };
        return 1e6 * (seconds("used_cpu_sys:") + seconds("used_cpu_user:"));
    }

private:
    awaitable<void> add_some(std::size_t n, std::size_t together) {
        const job_group group(together, a_job());
        const std::array<const job_group*, 1> groups{&group};
        for (std::size_t i = 0; i < n; i += together)
            (void)read_added(groups, co_await client_.execute(add_command("bull", groups)));
    }

    awaitable<void> work_some(std::size_t together) {
        work_request request{.token = "token", .queues = {"work"}, .most = together};
        do {
            request.now = real_clock().wall();
            auto call = call_work("bull", request);
            auto answer = co_await client_.execute(std::move(call.command));
            auto done = read_work(call, std::move(answer));
            left_ -= std::min(left_, request.ended.size());
            request.ended.clear();
            for (const auto& job : done.taken)
                request.ended.push_back({.end = {.held = {.job = job.key, .token = "token"},
                                                 .as = queue::outcome::kind::completed,
                                                 .at = request.now,
                                                 .keep = job.with.options.keep_completed},
                                         .of = remember(job)});
        } while (!request.ended.empty());
    }

    void all_of(std::size_t n, const std::function<awaitable<void>()>& make) {
        std::vector<std::future<void>> all;
        for (std::size_t i = 0; i < n; ++i)
            all.push_back(asio::co_spawn(loop_.get_executor(), make(), asio::use_future));
        for (auto& each : all)
            each.get();
    }

    template <class T>
    T ask(awaitable<T> operation) {
        return asio::co_spawn(loop_.get_executor(), std::move(operation), asio::use_future).get();
    }

    std::filesystem::path folder_;
    std::uint16_t port_;
    bench::process server_;
    event_loop loop_{"client"};
    redis::client client_;
    queue_keys keys_{"bull", "work"};
    std::size_t left_ = 0;
};

void stay_on(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

struct measured {
    double rate = 0;
    double server_time = 0; ///< of a job, in microseconds
};

measured measure(subject& s, std::size_t n, const std::function<void()>& act) {
    const auto before = s.server_time();
    const auto rate = bench::detail::rate_of(n, act);
    return {.rate = rate, .server_time = (s.server_time() - before) / static_cast<double>(n)};
}

int compare(const bench::arguments& a) {
    const auto n = static_cast<std::size_t>(a["jobs"]);
    const auto folder = std::filesystem::current_path() / "infra-queue-redis-bench";
    const auto theirs = bench::bullmq(n, folder, "everysec");
    stay_on(bench::detail::client_core);
    bench::report to(a);
    const auto told = [&](const std::string& name, const measured& ours, double peer) {
        to.add({"queue_redis." + name, ours.rate, "jobs/s", "bullmq 6.7", peer, bench::better::more});
        std::cout << "  " << name << ": " << ours.server_time << " us of Redis a job\n";
    };
    subject s(folder);
    told("add, 1 a call, 100 calls", measure(s, n, [&] { s.add(n, 1, 100); }), theirs.enqueue);
    told("work, 100 a call", measure(s, n, [&] { s.work(n, 100); }), theirs.process);
    for (const std::size_t together : {10u, 100u}) {
        const auto each = std::to_string(together);
        told("add, " + each + " a call", measure(s, n, [&] { s.add(n, together, calls_under_way); }), theirs.enqueue);
        const auto taken = together == 100 ? 50 : together;
        told("work, " + std::to_string(taken) + " a call", measure(s, n, [&] { s.work(n, taken); }), theirs.process);
    }
    s.add(n / 5, 100, calls_under_way);
    told("work, 1 a call, one at a time", measure(s, n / 5, [&] { s.work(n / 5, 1); }), 0);
    return 0;
}

} // namespace

int main(int count, char** values) { return bench::run(count, values, {{"jobs", 50'000}}, compare); }
