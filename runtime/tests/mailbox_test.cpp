#include <infra/runtime/mailbox.hpp>

#include <infra/base/error.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <thread>

namespace infra {
namespace {

struct Mailbox : testing::Test {
    asio::io_context io{1};
    std::vector<std::vector<int>> batches;
    std::exception_ptr failure;

    awaitable<void> read(mailbox<int> box) {
        while (true)
            batches.push_back(co_await box.receive());
    }
    auto note() {
        return [this](std::exception_ptr e) { failure = e; };
    }
    void poll() {
        io.restart();
        io.poll();
    }
};

TEST_F(Mailbox, DeliversWhatLiesThereAsOneBatch) {
    const mailbox<int> box(io.get_executor());
    box.post(1);
    box.post(2);
    asio::co_spawn(io, read(box), note());
    poll();
    box.post(3);
    box.post(4);
    poll();
    EXPECT_EQ(batches, (std::vector<std::vector<int>>{{1, 2}, {3, 4}}));
}

TEST_F(Mailbox, WakesItsReceiverOnceForABatch) {
    const mailbox<int> box(io.get_executor());
    asio::co_spawn(io, read(box), note());
    poll();
    for (int i = 0; i < 100; ++i)
        box.post(i);
    io.restart();
    EXPECT_LE(io.poll(), 3u) << "a wake-up, the timer it cancels, and the receiver: not one a message";
    EXPECT_EQ(batches.size(), 1u);
}

TEST_F(Mailbox, RefusesWhatIsOverItsBound) {
    const mailbox<int> box(io.get_executor(), {.max_items = 2});
    EXPECT_TRUE(box.post(1));
    EXPECT_TRUE(box.post(2));
    EXPECT_FALSE(box.post(3));
    EXPECT_EQ(box.size(), 2u);
    EXPECT_THROW(mailbox<int>(io.get_executor(), {.max_items = 0}), std::invalid_argument);
}

TEST_F(Mailbox, ClosesAfterWhatItHolds) {
    const mailbox<int> box(io.get_executor());
    box.post(1);
    box.close();
    EXPECT_FALSE(box.post(2));
    asio::co_spawn(io, read(box), note());
    poll();
    EXPECT_EQ(batches, (std::vector<std::vector<int>>{{1}}));
    EXPECT_EQ(code_of(failure), errc::closed);
}

TEST_F(Mailbox, ClosingWakesTheReceiver) {
    const mailbox<int> box(io.get_executor());
    asio::co_spawn(io, read(box), note());
    poll();
    box.close();
    box.close();
    poll();
    EXPECT_EQ(code_of(failure), errc::closed);
}

TEST_F(Mailbox, CancelledReceiverLosesNothing) {
    const mailbox<int> box(io.get_executor());
    asio::cancellation_signal signal;
    asio::co_spawn(io, read(box), asio::bind_cancellation_slot(signal.slot(), note()));
    poll();
    signal.emit(asio::cancellation_type::terminal);
    box.post(7);
    poll();
    EXPECT_EQ(code_of(failure), asio::error::operation_aborted);
    asio::co_spawn(io, read(box), note());
    poll();
    EXPECT_EQ(batches, (std::vector<std::vector<int>>{{7}}));
}

// Memory errors where it goes wrong: the sanitizers' builds see them.
TEST(MailboxWithoutALoop, TakesItemsThatNobodyWillRead) {
    auto io = std::make_unique<asio::io_context>(1);
    const mailbox<int> box(io->get_executor());
    const auto read = [](mailbox<int> from) -> awaitable<void> { co_await from.receive(); };
    asio::co_spawn(*io, read(box), [](std::exception_ptr) {});
    io->poll();
    io.reset();
    EXPECT_TRUE(box.post(1));
    EXPECT_TRUE(box.post(2));
    EXPECT_EQ(box.size(), 2u);
    box.close();
}

TEST_F(Mailbox, ReceivesAgainAfterACancelledReceiverWasSentAWakeUp) {
    const mailbox<int> box(io.get_executor());
    asio::cancellation_signal signal;
    asio::co_spawn(io, read(box), asio::bind_cancellation_slot(signal.slot(), note()));
    poll();
    signal.emit(asio::cancellation_type::terminal);
    box.post(1); // its wake-up comes after the receiver has left
    poll();
    asio::co_spawn(io, read(box), note());
    poll();
    box.post(2);
    poll();
    EXPECT_EQ(batches, (std::vector<std::vector<int>>{{1}, {2}}));
}

TEST_F(Mailbox, KeepsEachSendersOrderAndLosesNothing) {
    constexpr int senders = 4, each = 5'000;
    const mailbox<int> box(io.get_executor());
    asio::co_spawn(io, read(box), note());
    std::array<std::thread, senders> threads;
    for (int s = 0; s < senders; ++s)
        threads[static_cast<std::size_t>(s)] = std::thread([box, s] {
            for (int i = 0; i < each; ++i)
                box.post(s * each + i);
        });
    std::thread closer([&] {
        for (auto& t : threads)
            t.join();
        box.close();
    });
    io.run();
    closer.join();

    std::array<int, senders> next{};
    for (const auto& batch : batches)
        for (const int item : batch)
            EXPECT_EQ(item % each, next[static_cast<std::size_t>(item / each)]++);
    for (const int n : next)
        EXPECT_EQ(n, each);
}

} // namespace
} // namespace infra
