#include "src/opening.hpp"

#include "tests/proxy.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <gtest/gtest.h>

namespace infra::redis::detail {
namespace {

/// Names one server first, and from then on another.
class moving_place final : public place {
public:
    moving_place(std::uint16_t first, std::uint16_t then) : first_(first), then_(then) {}
    awaitable<address> find(executor, deadline) override {
        co_return address{.host = "127.0.0.1", .port = std::exchange(first_, then_)};
    }

private:
    std::uint16_t first_, then_;
};

class RedisOpening : public ::testing::Test {
protected:
    std::shared_ptr<outcome<opened>> open() {
        auto begun = loop.spawn(subject.open(deadline::never()));
        loop.settle();
        EXPECT_FALSE(begun->done());
        return begun;
    }

    test_loop loop;
    asio::ip::tcp::acceptor silent{loop.io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    const actor master{loop.get_executor(),
                       [](std::size_t, const std::string&) { return std::optional(hello_answer); }};
    connector through{options{.connect_timeout = 30s}, real_clock(),
                      std::make_unique<moving_place>(silent.local_endpoint().port(), master.port())};
    opening subject{loop.get_executor(), loop.io.get_executor(), through, std::nullopt};
};

TEST_F(RedisOpening, BeginsAnewWhenTheServerMoves) {
    const auto made = open();
    subject.server_has_moved();
    loop.until([&] { return made->done(); });
    ASSERT_TRUE(made->value) << made->what();
    EXPECT_EQ(made->value->at.port, master.port());
}

TEST_F(RedisOpening, DoesNotBeginAnewOnceItIsClosed) {
    const auto made = open();
    subject.close();
    subject.server_has_moved();
    loop.until([&] { return made->done(); });
    EXPECT_EQ(made->code(), asio::error::operation_aborted) << made->what();
}

TEST_F(RedisOpening, PausesNoLongerWhenTheServerMoves) {
    const auto paused = loop.spawn(subject.pause(1h));
    loop.settle();
    ASSERT_FALSE(paused->done());
    subject.server_has_moved();
    loop.until([&] { return paused->done(); });
    EXPECT_TRUE(paused->value) << paused->what();
    const auto short_one = loop.run(subject.pause(1ms));
    EXPECT_TRUE(short_one->value) << "otherwise it ends by itself";
}

} // namespace
} // namespace infra::redis::detail
