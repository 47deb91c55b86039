// Requests a second of one server core, ours beside the peers a user would pick instead: Node's Hono and nginx.
//
//     http_server_http_bench [--json FILE] [--rounds N] [--seconds N]
//
// Each server runs alone, pinned to the first core; wrk drives it over 64 connections from another. Ours does what a
// service does: it routes, counts and writes an access log line (to /dev/null). nginx returns a fixed body with its
// access log off. Rounds alternate between the servers, and the median of each counts.

#include "comparison.hpp"
#include "process.hpp"

#include <infra/http_server.hpp>
#include <infra/logging.hpp>
#include <infra/monitoring.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace http = infra::http;
using infra::bench::process;
using infra::testing::free_port;

constexpr int server_core = 0;
constexpr int client_core = 1;

struct message {
    std::string name;
    int count = 0;
    std::vector<std::string> tags;
};
BOOST_DESCRIBE_STRUCT(message, (), (name, count, tags))

// --- Our server, in a process of its own ------------------------------------------------------------------------------

int serve() {
    infra::logging::configure({.outputs = {{.to = infra::logging::file_sink({.path = "/dev/null"})}}});
    infra::logging::install();
    infra::monitoring::default_metrics();
    http::router routes;
    routes.get("/health", [] { return http::response::ok({{"status", "ok"}}); });
    routes.post("/echo", [](const http::request& req) { return http::response::ok(req.json<message>()); });
    infra::event_loop loop;
    http::server server({loop.get_executor()}, routes, {.port = 0});
    server.listen();
    std::cout << server.port() << std::endl;
    infra::asio::co_spawn(loop.get_executor(), server.run(), infra::asio::detached);
    loop.run();
    return 0;
}

// --- Processes --------------------------------------------------------------------------------------------------------

bool answers(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return connected;
}

bool wait_for(std::uint16_t port) {
    for (int i = 0; i < 500 && !answers(port); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return answers(port);
}

// --- The servers compared ---------------------------------------------------------------------------------------------

/// A folder for configuration files, gone at the end.
class scratch {
public:
    scratch() {
        std::string name = (fs::temp_directory_path() / "infra-bench-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        std::ofstream(path_ / "echo.lua")
            << "wrk.method = 'POST'\n"
               "wrk.body = '{\"name\":\"widget\",\"count\":42,\"tags\":[\"a\",\"b\",\"c\"]}'\n"
               "wrk.headers['Content-Type'] = 'application/json'\n";
    }
    ~scratch() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    fs::path path_;
};

struct running {
    std::unique_ptr<process> server;
    std::uint16_t port = 0;
};

running start_and_ask_port(std::vector<std::string> command) {
    auto server = std::make_unique<process>(std::move(command), server_core);
    const auto port = std::strtoul(server->line().c_str(), nullptr, 10);
    return {std::move(server), static_cast<std::uint16_t>(port)};
}

running start_ours() { return start_and_ask_port({fs::read_symlink("/proc/self/exe").string(), "--serve"}); }

running start_nginx(const scratch& files) {
    const auto port = free_port();
    const auto file = files.path_ / "nginx.conf";
    std::ofstream(file)
        << "worker_processes 1;\ndaemon off;\nerror_log /dev/null;\npid " << (files.path_ / "pid").string()
        << ";\nevents { worker_connections 1024; }\nhttp {\n  access_log off;\n"
           "  keepalive_requests 1000000000;\n  server {\n    listen 127.0.0.1:"
        << port << ";\n    location / { default_type application/json; return 200 '{\"status\":\"ok\"}'; }\n  }\n}\n";
    // One process, so that ending it ends all of nginx.
    running made{std::make_unique<process>(
                     std::vector<std::string>{"nginx", "-c", file.string(), "-g", "master_process off;"}, server_core),
                 port};
    return wait_for(port) ? std::move(made) : running{};
}

running start_hono() {
    const auto folder = infra::bench::peers_folder_with("hono", "http");
    if (!folder)
        return {};
    auto made = start_and_ask_port({"node", (*folder / "hono.mjs").string()});
    return made.port ? std::move(made) : running{};
}

// --- Measuring --------------------------------------------------------------------------------------------------------

double requests_per_second(const running& server, std::string_view path, int seconds, const std::string& script) {
    std::vector<std::string> command{"wrk", "-t1", "-c64", "-d" + std::to_string(seconds) + "s"};
    if (!script.empty())
        command.insert(command.end(), {"-s", script});
    command.push_back("http://127.0.0.1:" + std::to_string(server.port) + std::string(path));
    const auto report = process(command, client_core).everything();
    if (report.find("Non-2xx") != std::string::npos || report.find("Socket errors") != std::string::npos)
        throw std::runtime_error("a server answered with errors:\n" + report);
    const auto at = report.find("Requests/sec:");
    if (at == std::string::npos)
        throw std::runtime_error("wrk gave no result; is it installed? (apt-get install wrk)\n" + report);
    return std::strtod(report.c_str() + at + 13, nullptr);
}

struct contender {
    std::string name;
    std::function<running()> start;
    std::vector<double> health{};
    std::vector<double> echo{};
};

void measure(std::vector<contender>& contenders, const infra::bench::arguments& a, const scratch& files) {
    const auto echo_script = (files.path_ / "echo.lua").string();
    for (int round = 0; round < a["rounds"]; ++round)
        for (auto& each : contenders) {
            const auto server = each.start();
            if (!server.server) {
                if (round == 0)
                    std::cerr << each.name << " is not there and is left out\n";
                continue;
            }
            requests_per_second(server, "/health", 1, ""); // warm: caches, and a just-in-time compiler
            each.health.push_back(requests_per_second(server, "/health", a["seconds"], ""));
            if (each.name == "nginx")
                continue; // reads no JSON
            requests_per_second(server, "/echo", 1, echo_script);
            each.echo.push_back(requests_per_second(server, "/echo", a["seconds"], echo_script));
        }
}

int compare(const infra::bench::arguments& a) {
    if (std::thread::hardware_concurrency() < 2) {
        std::cerr << "http_bench needs two cores: one for the server, one for wrk\n";
        return 1;
    }
    const scratch files;
    std::vector<contender> contenders{
        {"ours", start_ours}, {"hono", start_hono}, {"nginx", [&] { return start_nginx(files); }}};
    measure(contenders, a, files);
    infra::bench::report to(a);
    const auto add = [&](const char* name, const contender& peer, std::vector<double> contender::* what) {
        using infra::bench::median;
        if (!(peer.*what).empty())
            to.add({name, median(contenders[0].*what), "requests/s", peer.name, median(peer.*what),
                    infra::bench::better::more});
    };
    for (std::size_t peer = 1; peer < contenders.size(); ++peer) {
        add("http.health", contenders[peer], &contender::health);
        add("http.echo", contenders[peer], &contender::echo);
    }
    return 0;
}

} // namespace

int main(int count, char** values) {
    if (count > 1 && std::string_view(values[1]) == "--serve")
        return infra::bench::run(1, values, {}, [](const infra::bench::arguments&) { return serve(); });
    return infra::bench::run(count, values, {{"rounds", 3}, {"seconds", 3}}, compare);
}
