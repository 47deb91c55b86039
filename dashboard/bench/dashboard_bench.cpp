/// How soon the first screen can be used with 100 000 jobs and 1 000 series behind it, and what an open page costs the service.

#include "comparison.hpp"
#include "process.hpp"

#include <chrono>
#include <sstream>
#include <thread>

namespace infra::bench {
namespace {

using namespace std::chrono_literals;

// The service ends when its standard input does: one that nobody writes to, for as long as this process lives.
void hold_standard_input_open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0 || ::dup2(ends[0], STDIN_FILENO) < 0)
        throw std::runtime_error("no pipe");
}

std::string beside_us(const char* program) {
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / program).string();
}

struct service {
    explicit service(const arguments& a)
        : running({beside_us("dashboard_service"), "--jobs", std::to_string(a["jobs"]), "--series",
                   std::to_string(a["series"])},
                  any_core) {
        const auto said = json::parse(running.line()).value();
        login = said.at("login").as_string();
        pid = said.at("pid").to_number<int>();
    }

    /// Of all its threads, user and kernel.
    double cpu_seconds() const {
        std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
        std::string all;
        std::getline(in, all);
        std::istringstream rest(all.substr(all.rfind(')') + 2));
        std::string skipped;
        for (int i = 0; i < 11; ++i)
            rest >> skipped;
        double user = 0, kernel = 0;
        rest >> user >> kernel;
        return (user + kernel) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

    double percent_of_a_core(std::chrono::seconds during) const {
        const auto began = std::chrono::steady_clock::now();
        const auto before = cpu_seconds();
        std::this_thread::sleep_for(during);
        const auto used = cpu_seconds() - before;
        return 100 * used / std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    }

    process running;
    std::string login;
    int pid = 0;
};

double median_of(const json::value& times) {
    std::vector<double> all;
    for (const auto& each : times.as_array())
        all.push_back(each.to_number<double>());
    return median(std::move(all));
}

/// bull-board's first screen, with as many jobs in a Redis; 0 where it cannot be had.
double bull_board(const arguments& a, const std::string& script) {
    const auto folder = peers_folder_with("@bull-board/express", "queue");
    if (!folder)
        return 0;
    process board({"node", (*folder / "bull-board.mjs").string(), std::to_string(a["jobs"])}, any_core);
    const auto said = json::parse(board.line());
    if (!said)
        return 0;
    const std::string url(said->at("url").as_string());
    process measuring({"node", script, url, "first", std::to_string(a["rounds"]), "backlog"}, any_core);
    const auto seen = json::parse(measuring.line());
    return seen ? median_of(seen->at("ms")) : 0;
}

void add_screens(report& to, const json::value& seen, double of_peer) {
    for (const auto& each : seen.at("screens").as_array()) {
        const std::string name(each.at("name").as_string());
        const bool first = name == "first_screen";
        to.add({.name = "dashboard." + name,
                .ours = median_of(each.at("ms")),
                .unit = "ms",
                .peer = first ? "bull-board" : "",
                .theirs = first ? of_peer : 0,
                .wanted = first ? "<= 500 ms" : ""});
    }
    to.add({.name = "dashboard.first_screen.sent", .ours = seen.at("bytes").to_number<double>() / 1024, .unit = "KiB"});
}

int compare(const arguments& a) {
    const auto peers = peers_folder_with("playwright-core", "dashboard");
    if (!peers)
        throw std::runtime_error("playwright-core cannot be installed in peers/dashboard");
    hold_standard_input_open();
    report to(a);
    const service shop(a);
    const auto script = (*peers / "look.mjs").string();
    process measuring({"node", script, shop.login, "measure", std::to_string(a["rounds"])}, any_core);
    const auto seen = measuring.line();
    if (!measuring.end().succeeded)
        throw std::runtime_error("the browser failed: " + seen);
    const auto screens = json::parse(seen).value();
    add_screens(to, screens, bull_board(a, script));
    const std::chrono::seconds during(a["seconds"]);
    std::this_thread::sleep_for(2s);
    const auto alone = shop.percent_of_a_core(during);
    process watching({"node", script, std::string(screens.at("again").as_string()), "watch"}, any_core);
    if (watching.line().empty())
        throw std::runtime_error("the browser failed");
    std::this_thread::sleep_for(2s);
    const auto watched = shop.percent_of_a_core(during);
    to.add({.name = "dashboard.idle", .ours = alone, .unit = "% of a core"});
    to.add({.name = "dashboard.open_page",
            .ours = std::max(0.0, watched - alone),
            .unit = "% of a core",
            .wanted = "<= 2"});
    return 0;
}

} // namespace
} // namespace infra::bench

int main(int count, char** values) {
    return infra::bench::run(count, values, {{"jobs", 100'000}, {"series", 1'000}, {"rounds", 7}, {"seconds", 20}},
                             infra::bench::compare);
}
