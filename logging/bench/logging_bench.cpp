// What a log line costs, ours beside the loggers a user would pick instead: spdlog, synchronous and asynchronous, and
// Node's pino.
//
//     logging_logging_bench [--json FILE] [--rounds N] [--lines N]
//
// All write the same JSON, three typed fields a line, to a file of their own. Two figures, in nanoseconds a line: what the
// caller waits, in bursts of 1000 with all written in between (the median burst); and what a long run takes from the first
// call until everything is written. spdlog knows no fields: its caller formats the JSON by hand, without escaping.
// Rounds alternate between the loggers, and the median of each counts. `durable` keeps its rings in a file beside the log,
// so that not even SIGKILL loses a line.

#include "comparison.hpp"

#include <infra/base/json.hpp>
#include <infra/logging.hpp>

#if __has_include(<spdlog/spdlog.h>)
#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#define HAS_SPDLOG 1
#endif

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace logging = infra::logging;
using namespace std::chrono_literals;
using infra::bench::median;

constexpr int bursts = 200;
constexpr int lines_a_burst = 1000;

struct result {
    double caller = 0; // nanoseconds a line
    double total = 0;
};

template <class Function>
double nanoseconds(Function f) {
    const auto begin = std::chrono::steady_clock::now();
    f();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count();
}

/// `write(i)` logs one line; `settle()` returns when all are written.
template <class Write, class Settle>
result measure(int lines, Write write, Settle settle) {
    const auto burst = [&] {
        for (int i = 0; i < lines_a_burst; ++i)
            write(i);
    };
    std::vector<double> each;
    for (int i = 0; i < bursts; ++i) {
        each.push_back(nanoseconds(burst) / lines_a_burst);
        settle();
    }
    const auto run = [&] {
        for (int i = 0; i < lines; ++i)
            write(i);
        settle();
    };
    return {median(each), nanoseconds(run) / lines};
}

const std::string path = "/users/42/orders"; // not a literal: its length is not known to the compiler

std::optional<result> measure_ours(logging::pipeline_options options, const fs::path& file, int lines) {
    options.outputs = {{.to = logging::file_sink({.path = file}), .as = logging::format::json}};
    options.longest_wait = 60s;
    logging::pipeline out(std::move(options));
    const logging::logger web({.module = "web", .to = &out});
    return measure(
        lines,
        [&](int i) { web.info("request served", {{"status", 200 + i % 100}, {"path", path}, {"took", i * 0.25}}); },
        [&] { out.flush(infra::deadline::after(60s)); });
}

std::optional<result> ours(const fs::path& file, int lines) { return measure_ours({}, file, lines); }

std::optional<result> durable(const fs::path& file, int lines) {
    return measure_ours({.durable_ring = file.parent_path() / "log.ring"}, file, lines);
}

#ifdef HAS_SPDLOG
constexpr const char* spdlog_pattern =
    R"({"timestamp":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","module":"%n","message":"request served",%v})";

template <class Settle>
result measure_spdlog(spdlog::logger& web, int lines, Settle settle) {
    web.set_formatter(std::make_unique<spdlog::pattern_formatter>(spdlog_pattern, spdlog::pattern_time_type::utc));
    return measure(
        lines, [&](int i) { web.info(R"("status":{},"path":"{}","took":{})", 200 + i % 100, path, i * 0.25); }, settle);
}

std::optional<result> spdlog_sync(const fs::path& file, int lines) {
    spdlog::logger web("web", std::make_shared<spdlog::sinks::basic_file_sink_st>(file.string()));
    return measure_spdlog(web, lines, [&] { web.flush(); });
}

std::optional<result> spdlog_async(const fs::path& file, int lines) {
    const auto pool = std::make_shared<spdlog::details::thread_pool>(8192, 1);
    const auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
    const auto web = std::make_shared<spdlog::async_logger>("web", sink, pool, spdlog::async_overflow_policy::block);
    // Its flush() only asks for one; the queue is empty and the file flushed once a sink has heard of all.
    const auto settle = [&] {
        web->flush();
        while (pool->queue_size() > 0)
            std::this_thread::sleep_for(20us);
        sink->flush();
    };
    return measure_spdlog(*web, lines, settle);
}
#endif

std::optional<result> pino(const fs::path& file, int lines) {
    const auto folder = infra::bench::peers_folder_with("pino", "logging");
    if (!folder)
        return std::nullopt;
    const auto command = "node '" + (*folder / "pino.mjs").string() + "' '" + file.string() + "' " +
                         std::to_string(bursts) + " " + std::to_string(lines / 5);
    auto* const output = ::popen(command.c_str(), "r");
    if (!output)
        return std::nullopt;
    result r;
    const int read = std::fscanf(output, "%lf %lf", &r.caller, &r.total);
    return ::pclose(output) == 0 && read == 2 ? std::optional(r) : std::nullopt;
}

struct contender {
    std::string name;
    std::optional<result> (*run)(const fs::path&, int);
    std::vector<double> caller{};
    std::vector<double> total{};
};

/// A folder for the logs, gone at the end.
class scratch {
public:
    scratch() {
        std::string name = (fs::temp_directory_path() / "infra-bench-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    fs::path path_;
};

void check(const contender& c, const fs::path& file) {
    std::ifstream log(file);
    std::string line;
    std::getline(log, line);
    const auto read = infra::json::parse(line);
    if (!read || read->at("path").as_string() != path || read->at("status") != 200)
        throw std::runtime_error(c.name + " does not write the JSON that is asked for: " + line);
}

void run(std::vector<contender>& contenders, const infra::bench::arguments& a) {
    for (int round = 0; round < a["rounds"]; ++round)
        for (auto& each : contenders) {
            const scratch folder;
            const auto file = folder.path_ / "app.log";
            const auto r = each.run(file, a["lines"]);
            if (!r) {
                if (round == 0)
                    std::cerr << each.name << " is not there and is left out\n";
                continue;
            }
            check(each, file);
            each.caller.push_back(r->caller);
            each.total.push_back(r->total);
        }
}

int compare(const infra::bench::arguments& a) {
    std::vector<contender> contenders{{"ours", ours}, {"durable", durable}};
    const std::size_t first_peer = contenders.size();
#ifdef HAS_SPDLOG
    contenders.push_back({"spdlog", spdlog_sync});
    contenders.push_back({"spdlog async", spdlog_async});
#else
    std::cerr << "spdlog is not there and is left out\n";
#endif
    contenders.push_back({"pino", pino});
    run(contenders, a);
    infra::bench::report to(a);
    for (std::size_t i = 0; i < first_peer; ++i) {
        const auto of = i == 0 ? std::string("logging.") : "logging." + contenders[i].name + ".";
        for (std::size_t peer = first_peer; peer < contenders.size(); ++peer) {
            const auto& [name, start, caller, total] = contenders[peer];
            to.add({of + "caller", median(contenders[i].caller), "ns", name, median(caller)});
            to.add({of + "written", median(contenders[i].total), "ns", name, median(total)});
        }
    }
    return 0;
}

} // namespace

int main(int count, char** values) {
    return infra::bench::run(count, values, {{"rounds", 5}, {"lines", 1'000'000}}, compare);
}
