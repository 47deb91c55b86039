// What becomes of a mailbox where an allocation fails. Replaces operator new, where no sanitizer wants it for itself.

#include <infra/runtime/mailbox.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <thread>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer) &&            \
    !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)

namespace {

thread_local constinit long allowed = -1; // allocations, before one fails; below zero: all

bool fails() noexcept { return allowed >= 0 && allowed-- == 0; }

} // namespace

void* operator new(std::size_t size) {
    if (void* made = fails() ? nullptr : std::malloc(size))
        return made;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace infra {
namespace {

awaitable<void> read(mailbox<int> box, std::vector<int>& into) {
    while (true)
        for (const auto each : co_await box.receive())
            into.push_back(each);
}

// From another thread: on its own a loop takes memory from what it has used before.
bool post_with(long allocations, const mailbox<int>& box, int item) {
    bool posted = false;
    std::thread([&] {
        allowed = allocations;
        try {
            posted = box.post(item);
        } catch (const std::bad_alloc&) {
        }
        allowed = -1;
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
        if (post_with(-1, box, 1000 + failed))
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
