#pragma once

/// Cancellation, loops that end early, many threads.

#include "sources.hpp"
#include "subject.hpp"

namespace infra::storage {

class BucketEnds : public BucketConformance {
protected:
    static constexpr int most_steps = 200;

    /// Puts half of the tries from a source, where that is possible.
    awaitable<object_info> putting(std::string name, const std::string& bytes, int step) {
        put_body body{.bytes = bytes};
        if (can.streams && step % 2 == 1)
            body = {.source = source_of(bytes, 100'000)};
        return subject.object->put(request(name, bytes), std::move(body), soon());
    }

    /// Cancels before the loop's handler number `step`; whether it came to that.
    template <class T>
    static bool cancel_before(int step, awaitable<T> operation) {
        asio::io_context turned{1};
        asio::cancellation_signal cancel;
        bool ended = false;
        asio::co_spawn(with_context(turned.get_executor()), std::move(operation),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, auto) { ended = true; }));
        for (int i = 0; i < step && !ended; ++i)
            turned.run_one();
        const bool in_time = !ended;
        cancel.emit(asio::cancellation_type::terminal);
        turned.run();
        EXPECT_TRUE(ended);
        return in_time;
    }

    /// On a loop that ends, with all that waits on it, after so many handlers; whether it came to that.
    template <class T>
    static bool leave_after(int step, awaitable<T> operation) {
        asio::io_context turned{1};
        bool ended = false;
        asio::co_spawn(with_context(turned.get_executor()), std::move(operation),
                       [&](std::exception_ptr, auto) { ended = true; });
        for (int i = 0; i < step && !ended; ++i)
            turned.run_one();
        return !ended;
    }

    void expect_whole_or_absent(std::string_view name, const std::string& bytes) {
        const auto got = loop.run(read_all(subject.object, {.key = at(name)}, soon()));
        if (got->failure)
            EXPECT_EQ(got->code(), errc::not_found) << got->what();
        else
            EXPECT_TRUE(*got->value == bytes) << name;
    }
};

TEST_P(BucketEnds, LeaveObjectsWholeOrAbsentWhenCancelledAtAnyMoment) {
    const auto bytes = some_bytes(300'000);
    int quiet = 0; // both kinds of put must have come to their end
    for (int step = 1; quiet < 2 && step < most_steps; ++step) {
        const auto name = "step-" + std::to_string(step);
        quiet = cancel_before(step, putting(name, bytes, step)) ? 0 : quiet + 1;
        expect_whole_or_absent(name, bytes);
    }
    put("after", bytes);
    EXPECT_TRUE(read("after") == bytes);
}

TEST_P(BucketEnds, LeaveObjectsWholeOrAbsentWhenTheLoopEndsAtAnyMoment) {
    const auto bytes = some_bytes(300'000);
    int quiet = 0;
    for (int step = 0; quiet < 2 && step < most_steps; ++step)
        quiet = leave_after(step, putting("step-" + std::to_string(step), bytes, step)) ? 0 : quiet + 1;
    put("after", bytes);
    EXPECT_TRUE(read("after") == bytes);
    for (int step = 0; step < most_steps; ++step)
        expect_whole_or_absent("step-" + std::to_string(step), bytes);
}

TEST_P(BucketEnds, OfReadersLeaveTheBucketUsable) {
    const auto bytes = some_bytes(300'000);
    put("a", bytes);
    bool in_time = true;
    for (int step = 1; in_time && step < most_steps; ++step)
        in_time = cancel_before(step, read_all(subject.object, {.key = at("a")}, soon()));
    in_time = true;
    for (int step = 0; in_time && step < most_steps; ++step)
        in_time = leave_after(step, read_all(subject.object, {.key = at("a")}, soon()));
    get(subject.object->get({.key = at("a")}, soon())); // opened and let go of
    EXPECT_TRUE(read("a") == bytes);
}

TEST_P(BucketEnds, OfTheHandleDoNotEndWhatItReads) {
    const auto bytes = some_bytes(2 << 20);
    put("a", bytes);
    if (!subject.another)
        GTEST_SKIP() << "it can be opened once";
    auto other = subject.another();
    auto open = get(other->get({.key = at("a")}, soon()));
    other.reset();
    EXPECT_TRUE(get(all_of(std::move(open))) == bytes);
}

TEST_P(BucketEnds, AreReachedByManyThreads) {
    at_once(4, [&](int thread) {
        testing::test_loop mine;
        for (int i = 0; i < 10; ++i) {
            const auto name = std::to_string(thread) + "/" + std::to_string(i);
            const auto bytes = some_bytes(1000 + static_cast<std::size_t>(i), static_cast<std::uint64_t>(thread) + 1);
            mine.get(put_bytes(subject.object, request(name, bytes), bytes, soon()));
            EXPECT_TRUE(mine.get(read_all(subject.object, {.key = at(name)}, soon())) == bytes);
            if (i % 2 == 0)
                mine.wait(subject.object->remove(at(name), {}, soon()));
        }
    });
    EXPECT_EQ(names().size(), 20u);
}

} // namespace infra::storage
