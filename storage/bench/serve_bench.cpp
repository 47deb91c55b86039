// A long body through add_signed_urls() into a directory and out of it: how fast, and how much memory it takes.
//
//     storage_http_serve_bench [--json FILE] [--mebibytes N]

#include <infra/http_server.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/storage/file.hpp>
#include <infra/storage/serve.hpp>

#include "comparison.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <unistd.h>

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>

namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;
namespace storage = infra::storage;
using namespace std::chrono_literals;

constexpr std::size_t piece = 1 << 20;

/// The most that was in memory since the last reset.
double peak_mebibytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:") {
            double kilobytes = 0;
            status >> kilobytes;
            return kilobytes / 1024;
        }
    return 0;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

class client {
public:
    client(std::uint16_t port, std::string host) : host_(std::move(host)) {
        socket_.connect({asio::ip::make_address("127.0.0.1"), port});
    }

    void put(const std::string& target, std::size_t pieces) {
        const std::string bytes(piece, 'x');
        send("PUT " + target, "Content-Length: " + std::to_string(pieces * piece) + "\r\n");
        for (std::size_t i = 0; i < pieces; ++i)
            asio::write(socket_, asio::buffer(bytes));
        expect_ok();
    }

    void get(const std::string& target, std::size_t pieces) {
        send("GET " + target, "");
        std::size_t left = pieces * piece - expect_ok();
        for (std::string bytes(piece, '\0'); left > 0;)
            left -= socket_.read_some(asio::buffer(bytes));
    }

private:
    void send(const std::string& line, const std::string& fields) {
        asio::write(socket_, asio::buffer(line + " HTTP/1.1\r\nHost: " + host_ + "\r\n" + fields + "\r\n"));
    }

    /// How many bytes came behind the head.
    std::size_t expect_ok() {
        std::string head;
        const auto size = asio::read_until(socket_, asio::dynamic_buffer(head), "\r\n\r\n");
        if (!head.starts_with("HTTP/1.1 200"))
            throw std::runtime_error(head);
        return head.size() - size;
    }

    std::string host_;
    asio::io_context io_;
    asio::ip::tcp::socket socket_{io_};
};

template <class F>
void measure(infra::bench::report& to, const std::string& name, std::size_t mebibytes, F work) {
    reset_peak();
    const auto before = peak_mebibytes();
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    to.add({name, static_cast<double>(mebibytes) / took.count(), "MiB/s", "", 0, infra::bench::better::more});
    to.add({name + ", memory", peak_mebibytes() - before, "MiB"});
}

int compare(const infra::bench::arguments& a) {
    const auto folder = fs::temp_directory_path() / ("infra-serve-bench-" + std::to_string(::getpid()));
    const auto kept = storage::make_file_bucket({.directory = folder, .public_url = "http://files.test/storage"});
    infra::http::router routes;
    storage::add_signed_urls(routes, storage::storage({.bucket = kept}));
    infra::event_loop loop;
    infra::http::server server({loop.get_executor()}, routes, {.port = 0});
    server.listen();
    asio::co_spawn(loop.get_executor(), server.run(), asio::detached);
    loop.start();
    const auto target = [&](infra::http::method m) {
        const auto url = infra::wait(kept->sign("long.bin", 1h, {.method = m})).url;
        return url.substr(url.find("/storage"));
    };
    const auto mebibytes = static_cast<std::size_t>(a["mebibytes"]);
    const auto up = target(infra::http::method::put), down = target(infra::http::method::get);
    infra::bench::report to(a);
    client(server.port(), "files.test").put(up, 8);
    measure(to, "storage.served PUT", mebibytes, [&] { client(server.port(), "files.test").put(up, mebibytes); });
    measure(to, "storage.served GET", mebibytes, [&] { client(server.port(), "files.test").get(down, mebibytes); });
    loop.stop();
    fs::remove_all(folder);
    return 0;
}

} // namespace

int main(int count, char** values) { return infra::bench::run(count, values, {{"mebibytes", 1024}}, compare); }
