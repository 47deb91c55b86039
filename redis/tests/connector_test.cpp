#include "src/connector.hpp"

#include "tests/support.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <gtest/gtest.h>

#include <list>

namespace infra::redis::detail {
namespace {

using asio::ip::tcp;

tcp::endpoint on_loopback(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

/// Listens, but its queue is full: whoever comes next hears nothing.
class silent_door {
public:
    explicit silent_door(asio::io_context& io) : door_(io, tcp::v4()) {
        door_.bind(on_loopback(0));
        door_.listen(0);
        for (int i = 0; i < 4; ++i)
            waiting_.emplace_back(io, tcp::v4()).async_connect(door_.local_endpoint(), [](boost::system::error_code) {
            });
    }
    socket_endpoint at() const { return door_.local_endpoint(); }

private:
    tcp::acceptor door_;
    std::list<tcp::socket> waiting_;
};

class Connector : public ::testing::Test {
protected:
    awaitable<stream_socket> connect(std::vector<socket_endpoint> to, deadline limit) {
        return connect_to_any(loop.get_executor(), std::move(to), 5s, limit, time);
    }

    manual_clock time;
    test_loop loop;
    tcp::acceptor door{loop.io, on_loopback(0)};
};

TEST_F(Connector, TakesTheFirstAddressThatAnswers) {
    const auto made =
        loop.get(connect({on_loopback(free_port()), door.local_endpoint()}, deadline(time.steady() + 1s)));
    EXPECT_EQ(made.remote_endpoint(), socket_endpoint(door.local_endpoint()));
}

TEST_F(Connector, LeavesTimeForTheOthersWhereOneSaysNothing) {
    const silent_door silent(loop.io);
    const auto made =
        loop.spawn(connect({silent.at(), silent.at(), door.local_endpoint()}, deadline(time.steady() + 3s)));
    for (int i = 0; i < 2; ++i) {
        loop.settle();
        EXPECT_FALSE(made->done());
        time.advance(1s);
    }
    loop.until([&] { return made->done(); });
    ASSERT_TRUE(made->value) << made->what();
    EXPECT_EQ(made->value->remote_endpoint(), socket_endpoint(door.local_endpoint()));
}

TEST_F(Connector, SaysWhatTheLastOneSaid) {
    const silent_door silent(loop.io);
    const auto made = loop.spawn(connect({silent.at(), on_loopback(free_port())}, deadline(time.steady() + 2s)));
    loop.settle();
    time.advance(1s);
    loop.until([&] { return made->done(); });
    EXPECT_EQ(made->code(), asio::error::connection_refused);
}

TEST_F(Connector, IsCancelledAtOnceWhicheverAddressItTries) {
    const silent_door silent(loop.io);
    asio::cancellation_signal stop;
    const auto made = loop.spawn(connect({silent.at(), door.local_endpoint()}, deadline::never()), stop.slot());
    loop.settle();
    loop.cancel(stop);
    loop.until([&] { return made->done(); });
    EXPECT_EQ(made->code(), asio::error::operation_aborted);
}

// A name may lead elsewhere the next time.
TEST_F(Connector, GoesFirstWhereTheNameHasLedBefore) {
    const std::vector<socket_endpoint> all{on_loopback(1), on_loopback(2), on_loopback(3)};
    EXPECT_EQ(with_first(all, {.host = "127.0.0.1", .port = 3}),
              (std::vector<socket_endpoint>{on_loopback(3), on_loopback(1), on_loopback(2)}));
    EXPECT_EQ(with_first(all, {.host = "127.0.0.1", .port = 1}), all);
    EXPECT_EQ(with_first(all, {.host = "127.0.0.2", .port = 2}), all) << "the name leads elsewhere now";
    const std::vector<socket_endpoint> local{asio::local::stream_protocol::endpoint("/nowhere")};
    EXPECT_EQ(with_first(local, {.host = "127.0.0.1", .port = 1}), local);
}

TEST_F(Connector, SaysWhereANameHasLed) {
    if (!server::installed())
        GTEST_SKIP() << server::how_to_install;
    const server there;
    for (const char* host : {"localhost", "127.0.0.1"}) {
        connector subject(options{.host = host, .port = there.port()}, real_clock());
        const auto made = loop.get(subject.open(loop.get_executor(), deadline::after(10s)));
        EXPECT_EQ(to_string(made.at), "127.0.0.1:" + std::to_string(there.port())) << host;
        made.through->close();
    }
    connector over_socket(there.over_socket(), real_clock());
    EXPECT_EQ(loop.get(over_socket.open(loop.get_executor(), deadline::after(10s))).at.socket_path, there.socket());
}

} // namespace
} // namespace infra::redis::detail
