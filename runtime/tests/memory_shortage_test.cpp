// What becomes of a mailbox where an allocation fails.

#include <infra/runtime/mailbox.hpp>

#include "memory_shortage.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <new>
#include <thread>

#ifdef INFRA_TESTS_RUN_SHORT_OF_MEMORY

namespace infra {
namespace {

awaitable<void> read(mailbox<int> box, std::vector<int>& into) {
    while (true)
        for (const auto each : co_await box.receive())
            into.push_back(each);
}

// From another thread: on its own a loop takes memory from what it has used before. The allocation after those fails.
bool post_with(long allocations, const mailbox<int>& box, int item) {
    bool posted = false;
    std::thread([&] {
        const testing::shortage begun(allocations, 1);
        try {
            posted = box.post(item);
        } catch (const std::bad_alloc&) {
        }
    }).join();
    return posted;
}

TEST(MailboxWithoutMemory, DeliversWhatWasPostedAndNothingElseWhicheverAllocationFails) {
    asio::io_context io{1};
    const mailbox<int> box(io.get_executor());
    std::vector<int> read_so_far, posted;
    asio::co_spawn(io, read(box, read_so_far), asio::detached);
    int failed = 0;
    for (bool all_is_well = false; !all_is_well; ++failed) {
        io.restart();
        io.poll();
        all_is_well = post_with(failed, box, failed);
        if (all_is_well)
            posted.push_back(failed);
        if (post_with(testing::shortage::all, box, 1000 + failed))
            posted.push_back(1000 + failed);
        io.restart();
        io.poll();
        EXPECT_EQ(read_so_far, posted);
    }
    EXPECT_GT(failed, 1);
}

} // namespace
} // namespace infra

#endif
