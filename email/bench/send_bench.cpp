// How long a thousand mails take over Resend's API, fifty at once, ours beside npm's resend.
//
//     email_resend_send_bench [--json FILE] [--rounds N] [--mails N] [--at_once N]
//
// The API is a server of ours in a process of its own, on the first core, that takes 5 ms for each request: 0.1 s is the least
// that can be. Both clients are processes of their own on the second core, warm: the first time does not count. Ours is a mailer
// as it comes, whose transport has a thread and 50 connections. Rounds alternate, and the median of each counts.

#include "comparison.hpp"
#include "process.hpp"
#include "senders.hpp"

#include <infra/email/mailer.hpp>
#include <infra/email/resend.hpp>
#include <infra/http_server.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = infra::asio;
namespace email = infra::email;
namespace http = infra::http;
using namespace std::chrono_literals;

constexpr int server_core = 0;
constexpr int client_core = 1;
constexpr auto latency = 5ms;

// --- The API ----------------------------------------------------------------------------------------------------

int serve() {
    http::router routes;
    routes.post("/emails", [](http::request) -> infra::awaitable<http::response> {
        asio::steady_timer work(co_await asio::this_coro::executor, latency);
        co_await work.async_wait(asio::use_awaitable);
        co_return http::response::of(200, "application/json", R"({"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"})");
    });
    infra::event_loop loop;
    http::server server({loop.get_executor()}, routes, {.port = 0, .access_log = false});
    server.listen();
    std::cout << server.url() << std::endl;
    asio::co_spawn(loop.get_executor(), server.run(), asio::detached);
    loop.run();
    return 0;
}

// --- Ours -------------------------------------------------------------------------------------------------------

int send(const std::string& url, int mails, int at_once) {
    infra::event_loop loop;
    loop.start();
    const email::mailer mailer({.transport = email::make_resend_transport({.api_key = "re_bench", .base_url = url}),
                                .from = "Shop <hello@shop.example>"});
    email::bench::send_all(mailer, loop, mails, at_once);
    std::vector<double> took;
    for (int i = 0; i < 3; ++i)
        took.push_back(email::bench::send_all(mailer, loop, mails, at_once));
    std::cout << infra::bench::median(took) << std::endl;
    return 0;
}

// --- Side by side -----------------------------------------------------------------------------------------------

double seconds_of(const std::vector<std::string>& command) {
    infra::bench::process client(command, client_core);
    return std::stod(client.line());
}

int compare(const infra::bench::arguments& a) {
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    const auto mails = std::to_string(a["mails"]), at_once = std::to_string(a["at_once"]);
    const auto peers = infra::bench::peers_folder_with("resend", "email");
    infra::bench::process api({self, "serve"}, server_core);
    const auto url = api.line();
    std::vector<double> ours, theirs;
    for (int i = 0; i < a["rounds"]; ++i) {
        ours.push_back(seconds_of({self, "send", url, mails, at_once}));
        if (peers)
            theirs.push_back(seconds_of({"node", (*peers / "resend_send.mjs").string(), url, mails, at_once}));
        else if (i == 0)
            std::cerr << "npm's resend is not there and is left out\n";
    }
    infra::bench::report to(a);
    to.add({"email.resend_" + mails + "_mails_" + at_once + "_at_once", infra::bench::median(ours), "s", "resend (npm)",
            infra::bench::median(theirs)});
    return 0;
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string> given(values + 1, values + count);
    if (given.size() == 1 && given[0] == "serve")
        return serve();
    if (given.size() == 4 && given[0] == "send")
        return send(given[1], std::stoi(given[2]), std::stoi(given[3]));
    return infra::bench::run(count, values, {{"rounds", 3}, {"mails", 1000}, {"at_once", 50}}, compare);
}
