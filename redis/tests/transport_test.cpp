#include "src/transport.hpp"

#include "tests/support.hpp"

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>

namespace infra::redis::detail {
namespace {

struct recorder final : transport_events {
    void on_read(boost::system::error_code, std::size_t) override {}
    void on_written(boost::system::error_code ec, std::size_t size) override { written.emplace_back(ec, size); }
    std::vector<std::pair<boost::system::error_code, std::size_t>> written;
};

class PlainTransport : public ::testing::Test {
protected:
    PlainTransport() {
        asio::local::stream_protocol::socket near(loop.io);
        asio::local::connect_pair(near, peer);
        through = make_plain_transport(stream_socket(std::move(near)));
        peer.non_blocking(true);
    }

    /// Until the kernel takes no more.
    std::size_t fill() {
        const std::string much(1 << 16, 'x');
        std::size_t all = 0;
        while (const auto taken = through->write_some(much, events))
            all += taken;
        return all;
    }

    std::size_t drain() {
        std::vector<char> buffer(1 << 16);
        std::size_t all = 0;
        boost::system::error_code ec;
        while (const auto size = peer.read_some(asio::buffer(buffer), ec))
            all += size;
        return all;
    }

    test_loop loop;
    asio::local::stream_protocol::socket peer{loop.io};
    std::unique_ptr<transport> through;
    boost::intrusive_ptr<recorder> events{new recorder};
};

// On a pool's strand another thread would do it, and this one would take it for undone: INCR twice.
TEST_F(PlainTransport, WritesNothingBehindItsCallersBack) {
    const auto taken = fill();
    EXPECT_EQ(drain(), taken);
    loop.until([&] { return !events->written.empty(); });
    EXPECT_EQ(events->written, (decltype(events->written){{{}, 0}})) << "there is room again";
    EXPECT_EQ(drain(), 0u);
    EXPECT_EQ(through->write_some("again", events), 5u);
    EXPECT_EQ(drain(), 5u);
}

TEST_F(PlainTransport, SaysOnceThatThePeerHasGone) {
    peer.close();
    EXPECT_EQ(through->write_some("bytes", events), 0u);
    EXPECT_TRUE(events->written.empty()) << "not from within";
    loop.settle();
    ASSERT_EQ(events->written.size(), 1u);
    EXPECT_EQ(events->written.front().first, asio::error::broken_pipe);
}

} // namespace
} // namespace infra::redis::detail
