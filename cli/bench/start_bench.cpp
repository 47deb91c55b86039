// How long a person waits for the first line of a command: ours beside what one would type instead.
//
//     cli_start_bench [--json FILE] [--rounds N] [--jobs N]
//
// Each is a process of its own, with its output in a pipe, from its fork to the end of its first line; `cpu` is what it took of a core until it
// had ended, which a busy machine changes little. All files are in the page cache. Rounds alternate, and the median of each counts.
//
// `queue stats` looks at a queue of --jobs jobs: in a file beside the same row read by Debian's sqlite3, on a Redis of this run's beside a script
// of Node's with BullMQ. Beside what nobody else has stands Node with nothing to do, which a command from npm cannot be faster than.
//
// Wanted: at most 100 ms, which people take for at once.

#include "comparison.hpp"
#include "process.hpp"

#include <infra/queue.hpp>
#include <infra/queue/redis.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

namespace bench = infra::bench;
namespace fs = std::filesystem;
using words = std::vector<std::string>;

struct milliseconds {
    double to_first_line = 0;
    double on_core = 0; ///< of all its threads, from its start to its end
};

milliseconds measure(const words& command) {
    const auto begin = std::chrono::steady_clock::now();
    bench::process one(command, bench::any_core);
    const auto said = one.line();
    const auto took = std::chrono::steady_clock::now() - begin;
    const auto all = said + one.everything();
    const auto used = one.end();
    if (!used.succeeded || all.empty())
        throw std::runtime_error(command.front() + " " + command.back() + " said: " + all);
    return {std::chrono::duration<double, std::milli>(took).count(), used.cpu_seconds * 1000};
}

/// What is typed, and what would be.
struct pair {
    std::string name;
    words ours;
    std::string peer;
    words theirs; ///< empty: it is not installed
};

struct measured {
    std::vector<double> to_first_line, on_core;

    void add(const milliseconds& one) {
        to_first_line.push_back(one.to_first_line);
        on_core.push_back(one.on_core);
    }
};

void compare(const pair& which, int rounds, bench::report& to) {
    measured ours, theirs;
    for (int i = 0; i <= rounds; ++i) { // the first fills the page cache
        const auto mine = measure(which.ours);
        const auto other = which.theirs.empty() ? milliseconds() : measure(which.theirs);
        if (i == 0)
            continue;
        ours.add(mine);
        theirs.add(other);
    }
    to.add({.name = "cli." + which.name,
            .ours = bench::median(ours.to_first_line),
            .unit = "ms",
            .peer = which.peer,
            .theirs = bench::median(theirs.to_first_line),
            .wanted = "<= 100 ms"});
    to.add({.name = "cli." + which.name + ".cpu",
            .ours = bench::median(ours.on_core),
            .unit = "ms on a core",
            .peer = which.peer,
            .theirs = bench::median(theirs.on_core)});
}

bool is_installed(const std::string& program) {
    return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

words if_installed(words command) { return is_installed(command.front()) ? command : words(); }

void fill(const std::string& url, int jobs) {
    const infra::queue::queue all(infra::queue::make_backend(url));
    const infra::queue::job<int> mail({.name = "mail", .queue = "mail"});
    infra::wait(all.enqueue_bulk(mail, std::vector<int>(static_cast<std::size_t>(jobs), 7)));
    infra::wait(all.stop(infra::deadline::after(std::chrono::seconds(10))));
}

words counting_with_bullmq(const std::optional<fs::path>& peers, const infra::testing::redis_server& server) {
    if (!peers)
        return {};
    const auto script =
        "const { Queue } = require('bullmq'); (async () => { const q = new Queue('mail', { connection: { port: " +
        std::to_string(server.port()) +
        " } }); console.log(JSON.stringify(await q.getJobCounts())); await q.close(); })()";
    return if_installed({"env", "NODE_PATH=" + (*peers / "node_modules").string(), "node", "-e", script});
}

int compare_all(const bench::arguments& a) {
    const auto infra = (fs::read_symlink("/proc/self/exe").parent_path() / "infra").string();
    const auto peers = bench::peers_folder_with("bullmq", "queue");
    const infra::testing::temporary_folder folder("bench"); // where there is no `.env`
    fs::current_path(folder.path());
    const std::string file = "sqlite:queue.db";
    fill(file, a["jobs"]);
    const auto node = if_installed({"node", "-e", "console.log(0)"});
    std::vector<pair> all{{"help", {infra, "--help"}, "rclone --help", if_installed({"rclone", "--help"})},
                          {"version", {infra, "version"}, "rclone version", if_installed({"rclone", "version"})},
                          {"completion",
                           {infra, "completion", "bash"},
                           "rclone's",
                           if_installed({"rclone", "genautocomplete", "bash", "-"})},
                          {"config_show", {infra, "config", "show"}, "node -e", node},
                          {"queue_stats.sqlite",
                           {infra, "queue", "stats", "mail", "--url", file},
                           "sqlite3",
                           if_installed({"sqlite3", "queue.db", "SELECT * FROM infra_queues"})}};
    std::optional<infra::testing::redis_server> server;
    if (infra::testing::redis_server::installed()) {
        fill(server.emplace().url(), a["jobs"]);
        all.push_back({"queue_stats.redis",
                       {infra, "queue", "stats", "mail", "--url", server->url()},
                       "node and bullmq",
                       counting_with_bullmq(peers, *server)});
    }
    bench::report to(a);
    for (const auto& each : all)
        compare(each, a["rounds"], to);
    return 0;
}

} // namespace

int main(int count, char** values) {
    return bench::run(count, values, {{"rounds", 21}, {"jobs", 10'000}}, compare_all);
}
