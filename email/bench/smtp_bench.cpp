// How many mails a second go over four connections of SMTP, ours beside npm's nodemailer.
//
//     email_smtp_smtp_bench [--json FILE] [--rounds N] [--mails N] [--at_once N]
//
// The server takes everything and keeps nothing. It is a process of its own, on the first core, and offers what Postfix does; in the
// clear, since TLS costs both the same. Both clients are processes of their own on the second core, warm: the first time does not
// count. Ours is a mailer as it comes, and both are kept busy with the same number of sends at once. Rounds alternate, and
// the median of each counts.

#include "comparison.hpp"
#include "process.hpp"
#include "senders.hpp"

#include <infra/email/mailer.hpp>
#include <infra/email/smtp.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace asio = infra::asio;
namespace email = infra::email;
using asio::ip::tcp;

constexpr int server_core = 0;
constexpr int client_core = 1;

// --- The server --------------------------------------------------------------------------------------------------

std::string answer_to(const std::string& line) {
    if (line.starts_with("EHLO"))
        return "250-sink\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n";
    if (line.starts_with("DATA"))
        return "354 go on\r\n";
    return line.starts_with("QUIT") ? "221 2.0.0 bye\r\n" : "250 2.0.0 ok\r\n";
}

// Answers all that has come in one go.
infra::awaitable<void> take(tcp::socket client) {
    client.set_option(tcp::no_delay(true));
    std::string in, out = "220 sink ESMTP\r\n";
    bool in_message = false;
    while (true) {
        co_await asio::async_write(client, asio::buffer(out), asio::use_awaitable);
        out.clear();
        auto size = co_await asio::async_read_until(client, asio::dynamic_buffer(in), in_message ? "\r\n.\r\n" : "\r\n",
                                                    asio::use_awaitable);
        for (; size != 0; size = in.find("\r\n") + 1 == 0 ? 0 : in.find("\r\n") + 2) {
            if (in_message && (size = in.find("\r\n.\r\n")) == std::string::npos)
                break;
            const auto line = in.substr(0, in_message ? 0 : size);
            in.erase(0, in_message ? size + 5 : size);
            out += in_message ? "250 2.0.0 taken\r\n" : answer_to(line);
            in_message = line.starts_with("DATA");
        }
    }
}

infra::awaitable<void> accept_all(std::shared_ptr<tcp::acceptor> at) {
    while (true) {
        auto client = co_await at->async_accept(asio::use_awaitable);
        asio::co_spawn(at->get_executor(), take(std::move(client)), [](std::exception_ptr) {});
    }
}

int serve() {
    infra::event_loop loop;
    const auto at =
        std::make_shared<tcp::acceptor>(loop.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    std::cout << at->local_endpoint().port() << std::endl;
    asio::co_spawn(loop.get_executor(), accept_all(at), asio::detached);
    loop.run();
    return 0;
}

// --- Ours --------------------------------------------------------------------------------------------------------

int send(std::uint16_t port, int mails, int at_once) {
    infra::event_loop loop;
    loop.start();
    const email::mailer mailer(
        {.transport = email::make_smtp_transport(
             {.host = "127.0.0.1", .port = port, .tls = email::smtp_tls::none, .home = loop.get_executor()}),
         .from = "Shop <hello@shop.example>"});
    email::bench::send_all(mailer, loop, mails, at_once);
    std::vector<double> took;
    for (int i = 0; i < 3; ++i)
        took.push_back(email::bench::send_all(mailer, loop, mails, at_once));
    std::cout << infra::bench::median(took) << std::endl;
    return 0;
}

// --- Side by side ------------------------------------------------------------------------------------------------

double seconds_of(const std::vector<std::string>& command) {
    infra::bench::process client(command, client_core);
    return std::stod(client.line());
}

int compare(const infra::bench::arguments& a) {
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    const auto mails = std::to_string(a["mails"]), at_once = std::to_string(a["at_once"]);
    const auto peers = infra::bench::peers_folder_with("nodemailer", "email");
    infra::bench::process server({self, "serve"}, server_core);
    const auto port = server.line();
    std::vector<double> ours, theirs;
    for (int i = 0; i < a["rounds"]; ++i) {
        ours.push_back(a["mails"] / seconds_of({self, "send", port, mails, at_once}));
        if (peers)
            theirs.push_back(a["mails"] /
                             seconds_of({"node", (*peers / "nodemailer.mjs").string(), port, mails, at_once}));
        else if (i == 0)
            std::cerr << "nodemailer is not there and is left out\n";
    }
    infra::bench::report to(a);
    to.add({"email.smtp_4_connections", infra::bench::median(ours), "mails/s", "nodemailer",
            infra::bench::median(theirs), infra::bench::better::more});
    return 0;
}

} // namespace

int main(int count, char** values) {
    const std::vector<std::string> given(values + 1, values + count);
    if (given.size() == 1 && given[0] == "serve")
        return serve();
    if (given.size() == 4 && given[0] == "send")
        return send(static_cast<std::uint16_t>(std::stoi(given[1])), std::stoi(given[2]), std::stoi(given[3]));
    return infra::bench::run(count, values, {{"rounds", 3}, {"mails", 2000}, {"at_once", 50}}, compare);
}
