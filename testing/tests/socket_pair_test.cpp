#include <infra/testing/socket_pair.hpp>

#include <infra/base/with_deadline.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http.hpp>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::testing {
namespace {

using boost::system::error_code;

static_assert(boost::beast::is_async_stream<memory_socket>::value);

class SocketPair : public ::testing::Test {
protected:
    /// Starts an operation; what it ended with stands in `ends`, by its place.
    std::size_t read(memory_socket& from, std::size_t most = 100) {
        const auto place = begin();
        room.emplace_back(std::make_unique<std::string>(most, '\0'));
        from.async_read_some(asio::buffer(*room.back()),
                             [this, place, &into = *room.back()](error_code ec, std::size_t n) {
                                 ends[place] = ec ? ec.message() : into.substr(0, n);
                             });
        return place;
    }
    std::size_t write(memory_socket& to, std::string text) {
        const auto place = begin();
        room.emplace_back(std::make_unique<std::string>(std::move(text)));
        to.async_write_some(asio::buffer(*room.back()), [this, place](error_code ec, std::size_t n) {
            ends[place] = ec ? ec.message() : std::to_string(n);
        });
        return place;
    }
    /// Runs what can run; "waits" while the operation has not ended.
    std::string end_of(std::size_t place) {
        io.restart();
        io.poll();
        return ends[place];
    }
    void await(awaitable<void> operation) {
        auto end = asio::co_spawn(io, with_deadline(std::move(operation), deadline::after(std::chrono::seconds(30))),
                                  asio::use_future);
        io.restart();
        io.run();
        end.get();
    }

    std::pair<memory_socket, memory_socket> make(socket_pair_options options = {}) {
        return make_socket_pair(io.get_executor(), options);
    }

    static std::string text(asio::error::basic_errors e) { return error_code(e).message(); }
    static std::string text(asio::error::misc_errors e) { return error_code(e).message(); }

    asio::io_context io{1};
    std::vector<std::string> ends;
    std::vector<std::unique_ptr<std::string>> room;

private:
    std::size_t begin() {
        ends.emplace_back("waits");
        return ends.size() - 1;
    }
};

TEST_F(SocketPair, CarriesBytesBothWays) {
    auto [a, b] = make();
    EXPECT_EQ(end_of(write(a, "there")), "5");
    EXPECT_EQ(end_of(read(b)), "there");
    EXPECT_EQ(end_of(write(b, "back")), "4");
    EXPECT_EQ(end_of(read(a)), "back");
}

TEST_F(SocketPair, ReadsWhatIsThereAndLeavesTheRest) {
    auto [a, b] = make();
    end_of(write(a, "abcdef"));
    EXPECT_EQ(end_of(read(b, 4)), "abcd");
    EXPECT_EQ(end_of(read(b, 4)), "ef");
    EXPECT_EQ(end_of(read(b, 4)), "waits");
    end_of(write(a, "g"));
    EXPECT_EQ(ends.at(3), "g");
}

TEST_F(SocketPair, NeverEndsAnOperationBeforeItsStartReturns) {
    auto [a, b] = make();
    const auto written = write(a, "x");
    EXPECT_EQ(ends[written], "waits");
    EXPECT_EQ(end_of(written), "1");
}

TEST_F(SocketPair, MakesAWriterWaitForRoom) {
    auto [a, b] = make({.capacity = 4});
    EXPECT_EQ(end_of(write(a, "abcdef")), "4");
    const auto blocked = write(a, "ef");
    EXPECT_EQ(end_of(blocked), "waits");
    EXPECT_EQ(end_of(read(b, 1)), "a");
    EXPECT_EQ(end_of(blocked), "1");
    EXPECT_EQ(end_of(read(b)), "bcde");
}

TEST_F(SocketPair, MovesNoMoreAtOnceThanItIsTold) {
    auto [a, b] = make({.max_transfer = 1});
    EXPECT_EQ(end_of(write(a, "ab")), "1");
    EXPECT_EQ(end_of(write(a, "b")), "1");
    EXPECT_EQ(end_of(read(b)), "a");
    EXPECT_EQ(end_of(read(b)), "b");
}

TEST_F(SocketPair, TakesNothingForNothing) {
    auto [a, b] = make({.capacity = 1});
    EXPECT_EQ(end_of(read(b, 0)), "");
    end_of(write(a, "x"));
    EXPECT_EQ(end_of(write(a, "")), "0");
}

TEST_F(SocketPair, ClosesOneHalf) {
    auto [a, b] = make();
    const auto waiting = read(b);
    end_of(write(a, "last"));
    a.shutdown_send();
    EXPECT_EQ(end_of(waiting), "last");
    EXPECT_EQ(end_of(read(b)), text(asio::error::eof));
    EXPECT_EQ(end_of(write(a, "more")), text(asio::error::broken_pipe));
    EXPECT_EQ(end_of(write(b, "answer")), "6");
    EXPECT_EQ(end_of(read(a)), "answer");
}

TEST_F(SocketPair, TellsBothSidesWhenOneCloses) {
    auto [a, b] = make({.capacity = 1});
    end_of(write(a, "x"));
    const auto my_read = read(a), my_write = write(a, "y");
    EXPECT_EQ(end_of(my_write), "waits");
    a.close();
    a.close();
    EXPECT_FALSE(a.is_open());
    EXPECT_EQ(end_of(my_read), text(asio::error::operation_aborted));
    EXPECT_EQ(end_of(my_write), text(asio::error::operation_aborted));
    EXPECT_EQ(end_of(read(a)), text(asio::error::bad_descriptor));
    EXPECT_EQ(end_of(write(a, "z")), text(asio::error::bad_descriptor));
    EXPECT_EQ(end_of(read(b)), "x");
    EXPECT_EQ(end_of(read(b)), text(asio::error::eof));
    EXPECT_EQ(end_of(write(b, "z")), text(asio::error::broken_pipe));
}

TEST_F(SocketPair, WakesAWriterWhoseReaderGoes) {
    auto [a, b] = make({.capacity = 1});
    end_of(write(a, "x"));
    const auto blocked = write(a, "y");
    EXPECT_EQ(end_of(blocked), "waits");
    {
        const auto gone = std::move(b);
    }
    EXPECT_EQ(end_of(blocked), text(asio::error::broken_pipe));
}

TEST_F(SocketPair, LosesWhatIsOnItsWayWhenReset) {
    auto [a, b] = make();
    const auto waiting = read(a);
    end_of(write(a, "lost"));
    a.reset();
    EXPECT_EQ(end_of(waiting), text(asio::error::operation_aborted));
    EXPECT_EQ(end_of(read(b)), text(asio::error::connection_reset));
    EXPECT_EQ(end_of(write(b, "x")), text(asio::error::connection_reset));
}

TEST_F(SocketPair, CancelsWhatWaitsAndGoesOn) {
    auto [a, b] = make();
    const auto waiting = read(a);
    EXPECT_EQ(end_of(waiting), "waits");
    a.cancel();
    EXPECT_EQ(end_of(waiting), text(asio::error::operation_aborted));
    const auto next = read(a);
    end_of(write(b, "x"));
    EXPECT_EQ(end_of(next), "x");
}

TEST_F(SocketPair, LosesNothingToAReadThatWasCancelled) {
    auto [a, b] = make();
    await([](memory_socket& from, memory_socket& to) -> awaitable<void> {
        std::array<char, 8> bytes{};
        try {
            co_await with_deadline(from.async_read_some(asio::buffer(bytes), asio::use_awaitable), steady_time());
            ADD_FAILURE() << "nothing was there to read";
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::timed_out);
        }
        co_await asio::async_write(to, asio::buffer("abc", 3), asio::use_awaitable);
        const auto n = co_await from.async_read_some(asio::buffer(bytes), asio::use_awaitable);
        EXPECT_EQ(std::string(bytes.data(), n), "abc");
    }(a, b));
}

TEST_F(SocketPair, IsAStreamToAsioAndBeastByteByByte) {
    auto [a, b] = make({.capacity = 3, .max_transfer = 1});
    namespace http = boost::beast::http;
    http::request<http::string_body> sent(http::verb::post, "/x", 11, "a body of some bytes");
    sent.prepare_payload();
    http::request<http::string_body> read;
    boost::beast::flat_buffer buffer;
    int ended = 0;
    const auto ends_well = [&ended](error_code ec, std::size_t) {
        EXPECT_FALSE(ec) << ec.message();
        ++ended;
    };
    http::async_write(a, sent, ends_well);
    http::async_read(b, buffer, read, ends_well);
    io.run();
    EXPECT_EQ(ended, 2);
    EXPECT_EQ(read.target(), "/x");
    EXPECT_EQ(read.body(), sent.body());
}

TEST(SocketPairs, LeaveWithTheirLoopWhateverWaits) {
    asio::io_context loop;
    auto [a, b] = make_socket_pair(loop.get_executor());
    std::array<char, 1> byte{};
    a.async_read_some(asio::buffer(byte), [keep = std::make_shared<memory_socket>(std::move(b))](
                                              error_code, std::size_t) { ADD_FAILURE() << "the loop never ran"; });
    loop.poll_one();
}

TEST_F(SocketPair, RefusesBadOptionsByName) {
    EXPECT_THROW(make({.capacity = 0}), std::invalid_argument);
    EXPECT_THROW(make({.max_transfer = 0}), std::invalid_argument);
}

} // namespace
} // namespace infra::testing
