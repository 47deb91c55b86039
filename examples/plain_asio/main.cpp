/// Without `app`: a server of your own on your own io_context, and the modules inside as plain objects.
///
///     printf 'hello\n' | nc 127.0.0.1 7000        HELLO
///
/// Each line becomes a durable job, and the answer is what the job returned. Everything runs on the one thread of main().

#include <infra/base/context_executor.hpp>
#include <infra/logging.hpp>
#include <infra/queue.hpp>
#include <infra/runtime.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

namespace {

using namespace std::chrono_literals;
using infra::awaitable;
using infra::deadline;
namespace asio = boost::asio;
namespace log = infra::logging;
namespace queue = infra::queue;
using asio::ip::tcp;

struct shout {
    std::string text;
};
BOOST_DESCRIBE_STRUCT(shout, (), (text))

constexpr std::size_t longest_line = 4096;

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
}

awaitable<void> answer_lines(tcp::socket client, queue::queue jobs, queue::job<shout> job) {
    std::string received;
    for (;;) {
        auto line =
            asio::async_read_until(client, asio::dynamic_buffer(received, longest_line), '\n', asio::use_awaitable);
        const auto size = co_await infra::with_deadline(std::move(line), deadline::after(60s));
        const auto id = co_await jobs.enqueue(job, {.text = received.substr(0, size - 1)});
        received.erase(0, size);
        const auto loud = co_await jobs.wait_for_result<std::string>(id, deadline::after(10s)) + "\n";
        co_await asio::async_write(client, asio::buffer(loud), asio::use_awaitable);
    }
}

awaitable<void> accept_clients(tcp::acceptor& door, queue::queue jobs, queue::job<shout> job) {
    for (;;) {
        auto client = co_await door.async_accept(asio::use_awaitable);
        asio::co_spawn(door.get_executor(), answer_lines(std::move(client), jobs, job),
                       asio::detached); // gone: so be it
    }
}

// The worker gives its jobs back, the storage is closed, and run() has nothing left to do.
awaitable<void> end(tcp::acceptor& door, queue::worker worker, queue::queue jobs) {
    door.close();
    co_await worker.stop(deadline::after(5s));
    co_await jobs.stop(deadline::after(5s));
}

} // namespace

int main() {
    log::install();
    const auto variables = infra::environment::of_process();
    asio::io_context io; // yours
    const infra::executor on =
        infra::with_context(io.get_executor()); // the span and the request id follow its coroutines

    const auto jobs = queue::queue_from(variables);
    const auto job = jobs.define_job<shout>({.name = "shout", .handler = [](shout s) { return upper(s.text); }});
    queue::worker worker(jobs, {.concurrency = 4});
    tcp::acceptor door(
        on, {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(variables.integer("PORT", 7000, 0, 65'535))});

    asio::signal_set signals(io, SIGINT, SIGTERM);
    const auto on_signal = [&](boost::system::error_code, int) {
        asio::co_spawn(on, end(door, worker, jobs), [&io](std::exception_ptr) { io.stop(); });
    };
    signals.async_wait(on_signal);
    asio::co_spawn(on, worker.run(), asio::detached);
    asio::co_spawn(on, accept_clients(door, jobs, job), asio::detached);
    log::info("listening", {{"url", "tcp://127.0.0.1:" + std::to_string(door.local_endpoint().port())}});
    io.run();
}
