// GETs of 100 bytes from a local redis-server, ours beside what else is there: redis-benchmark, which does nothing with
// what it reads, npm's ioredis, and hiredis where its headers are installed.
//
//     redis_redis_bench [--json FILE] [--rounds N] [--seconds N]
//
// The server has the first core, each client in turn the second. Rounds alternate between the clients, and the medians
// count: of what each client did, and of the ratio of two that were measured one after the other, since the machine is
// now faster and now slower.
//
//   redis.pipelined   256 coroutines on one connection, GETs a second; redis-benchmark -c 1 -P 256
//   redis.sequential  one caller that waits for each reply; hiredis, synchronously
//   redis.paced_cpu   microseconds of the client's CPU a request at a fixed 20 000 a second

#include "clients.hpp"
#include "comparison.hpp"
#include "process.hpp"

#include <infra/base/json.hpp>
#include <infra/redis.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace infra::redis_bench {
namespace {

namespace fs = std::filesystem;
using infra::bench::process;
using infra::testing::free_port;

constexpr int server_core = 0;
constexpr int client_core = 1;

// --- Processes ------------------------------------------------------------------------------------------------------

std::string own_path() { return fs::read_symlink("/proc/self/exe").string(); }

void fill(std::uint16_t port) {
    infra::event_loop loop;
    const redis::client client({loop.get_executor()}, {.port = port});
    std::exception_ptr failure;
    infra::asio::co_spawn(loop.get_executor(),
                          client.execute<std::string>({"SET", key, std::string(value_size, 'x')},
                                                      infra::deadline::after(std::chrono::seconds(10))),
                          [&](std::exception_ptr e, std::string) {
                              failure = e;
                              loop.stop();
                          });
    loop.run();
    if (failure)
        std::rethrow_exception(failure);
}

// --- The clients compared -------------------------------------------------------------------------------------------

double number_printed_by(std::vector<std::string> command) {
    const auto text = process(std::move(command), client_core).everything();
    return std::strtod(text.c_str(), nullptr);
}

double ours(const std::string& mode, std::uint16_t port, int seconds) {
    return number_printed_by({own_path(), mode, std::to_string(port), std::to_string(seconds)});
}

double ioredis(const std::optional<fs::path>& folder, const std::string& mode, std::uint16_t port, int seconds) {
    if (!folder)
        return 0;
    return number_printed_by({"node", (*folder / "ioredis.mjs").string(), mode, std::to_string(port),
                              std::to_string(seconds), std::to_string(rate)});
}

// `"GET","1234567.88",…` of --csv; the key it asks for is its own.
double redis_benchmark(std::uint16_t port, int seconds) {
    const auto run = [port](const std::string& test, long n) {
        return process({"redis-benchmark", "-p", std::to_string(port), "-t", test, "-c", "1", "-P",
                        std::to_string(callers), "-d", std::to_string(value_size), "-n", std::to_string(n), "--csv"},
                       client_core)
            .everything();
    };
    run("set", callers);
    const auto report = run("get", 1'000'000L * seconds);
    const auto at = report.find("\"GET\",\"");
    return at == std::string::npos ? 0 : std::strtod(report.c_str() + at + 7, nullptr);
}

// --- Measuring ------------------------------------------------------------------------------------------------------

double median(std::vector<double> values) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

struct arguments {
    std::string json{};
    int rounds = 9;
    int seconds = 1;
};

struct comparison {
    const char* name;
    const char* peer;
    const char* unit;
    bool less_is_better;
    std::function<double()> measure_ours;
    std::function<double()> measure_peer;
    std::vector<double> ours{}, theirs{};
};

double ratio_of(const comparison& c) {
    std::vector<double> of_each;
    for (std::size_t i = 0; i < c.ours.size(); ++i)
        of_each.push_back(c.less_is_better ? c.theirs[i] / c.ours[i] : c.ours[i] / c.theirs[i]);
    return median(std::move(of_each));
}

void report(const comparison& c, std::ostream* json) {
    const double mine = median(c.ours), theirs = median(c.theirs);
    if (mine == 0 || theirs == 0) {
        std::printf("%-18s %12.3f %-14s %16s is not there\n", c.name, mine, c.unit, c.peer);
        return;
    }
    const double ratio = ratio_of(c);
    std::printf("%-18s %12.2f %-14s %16s %12.2f %8.2f\n", c.name, mine, c.unit, c.peer, theirs, ratio);
    if (json)
        *json << infra::json::to_text(infra::json::value{{"name", c.name},
                                                         {"ours", mine},
                                                         {"unit", c.unit},
                                                         {"peer", c.peer},
                                                         {"peer_value", theirs},
                                                         {"ratio", ratio}})
              << '\n';
}

int compare(const arguments& a) {
    if (std::thread::hardware_concurrency() < 2) {
        std::cerr << "redis_bench needs two cores: one for the server, one for the clients\n";
        return 1;
    }
    const auto port = free_port();
    const process server(
        {"redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning"},
        server_core);
    fill(port);
    const auto node = infra::bench::peers_folder_with("ioredis", "redis");
    const auto get = [&] { return ours("--get", port, a.seconds); };
    const auto sequential = [&] { return ours("--sequential", port, a.seconds); };
    const auto paced = [&] { return ours("--paced", port, a.seconds); };
    comparison all[] = {
        {"redis.pipelined", "redis-benchmark", "requests/s", false, get,
         [&] { return redis_benchmark(port, a.seconds); }},
        {"redis.pipelined", "ioredis", "requests/s", false, get, [&] { return ioredis(node, "get", port, a.seconds); }},
        {"redis.sequential", "hiredis", "requests/s", false, sequential,
         [&] { return ours("--hiredis", port, a.seconds); }},
        {"redis.paced_cpu", "ioredis", "us/request", true, paced,
         [&] { return ioredis(node, "paced", port, a.seconds); }},
    };
    for (int round = 0; round < a.rounds; ++round)
        for (auto& each : all) {
            each.ours.push_back(each.measure_ours());
            each.theirs.push_back(each.measure_peer());
        }
    std::ofstream file;
    if (!a.json.empty())
        file.open(a.json, std::ios::app);
    std::printf("%-18s %12s %-14s %16s %12s %8s\n", "100-byte GETs", "ours", "", "peer", "peer's", "ratio");
    for (const auto& each : all)
        report(each, a.json.empty() ? nullptr : &file);
    return 0;
}

} // namespace
} // namespace infra::redis_bench

int main(int count, char** values) try {
    const std::vector<std::string> given(values + 1, values + count);
    if (given.size() == 3 && given[0].starts_with("--") && given[0] != "--json")
        return infra::redis_bench::run_alone(given[0], static_cast<std::uint16_t>(std::atoi(given[1].c_str())),
                                             std::atoi(given[2].c_str()));
    infra::redis_bench::arguments a;
    for (std::size_t i = 0; i < given.size(); i += 2) {
        if (i + 1 == given.size() || (given[i] != "--json" && given[i] != "--rounds" && given[i] != "--seconds")) {
            std::cerr << "redis_bench [--json FILE] [--rounds N] [--seconds N]\n";
            return 2;
        }
        if (given[i] == "--json")
            a.json = given[i + 1];
        else
            (given[i] == "--rounds" ? a.rounds : a.seconds) = std::max(1, std::atoi(given[i + 1].c_str()));
    }
    return infra::redis_bench::compare(a);
} catch (const std::exception& e) {
    std::cerr << "redis_bench: " << e.what() << '\n';
    return 1;
}
