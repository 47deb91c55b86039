// A call may be cancelled wherever it waits: then it ends at once, and nothing of it goes on.

#include "tests/fake_storage.hpp"

#include "src/core.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <ostream>
#include <string>

namespace infra::storage {
namespace {

/// A call, and what goes wrong on its way: so it waits in more places.
struct cancelled_call {
    std::string name;
    std::function<void(fake_bucket&)> prepare;
    std::function<awaitable<void>(storage)> begin;
};

void PrintTo(const cancelled_call& each, std::ostream* to) { *to << each.name; }

// What it gives is of no interest here.
template <class T>
awaitable<void> ignore(awaitable<T> operation) {
    co_await std::move(operation);
}

awaitable<void> read_to_the_end(storage from) { co_await read_all(co_await from.open("a")); }

const cancelled_call calls[] = {
    {"put",
     [](fake_bucket& b) {
         b.fail("put", down);
         b.lose("put", lost);
     },
     [](storage s) { return ignore(s.put("b", "hello", {.if_absent = true})); }},
    {"put_of_pieces", [](fake_bucket& b) { b.fail("put", slow); },
     [](storage s) { return ignore(s.put("b", pieces{source_of({"1", "2", "3"})})); }},
    {"put_of_a_stream", [](fake_bucket& b) { b.can = {.streams = true}; },
     [](storage s) { return ignore(s.put("b", pieces{source_of({"1", "2", "3"}), 3})); }},
    {"get",
     [](fake_bucket& b) {
         b.fail("get", down);
         b.cut(3, down);
     },
     [](storage s) { return ignore(s.get("a")); }},
    {"open",
     [](fake_bucket& b) {
         b.fail("get", down);
         b.cut(3, down);
     },
     read_to_the_end},
    {"get_with_a_hedge",
     [](fake_bucket& b) {
         b.delay("get", std::chrono::milliseconds(300), down);
         b.delay("get", std::chrono::milliseconds(500));
     },
     [](storage s) { return ignore(s.get("a")); }},
    {"head", [](fake_bucket& b) { b.fail("head", down); }, [](storage s) { return ignore(s.head("a")); }},
    {"remove", [](fake_bucket& b) { b.lose("remove", lost); }, [](storage s) { return s.remove("a"); }},
    {"remove_many",
     [](fake_bucket& b) {
         b.refuse_to_remove("a", slow);
         b.fail("remove_many", down);
     },
     [](storage s) { return ignore(s.remove_many({"a", "b"})); }},
    {"remove_one_by_one", [](fake_bucket& b) { b.fail("remove_many", storage_error(errc::unsupported, "not here")); },
     [](storage s) { return ignore(s.remove_many({"a", "b"})); }},
    {"copy", [](fake_bucket& b) { b.lose("copy", lost); },
     [](storage s) { return ignore(s.copy("a", "b", {.if_absent = true})); }},
    {"move", [](fake_bucket& b) { b.fail("remove", down); }, [](storage s) { return ignore(s.move("a", "b")); }},
    {"list_all", [](fake_bucket& b) { b.fail("list", down); }, [](storage s) { return ignore(s.list_all("")); }},
    {"ping", [](fake_bucket& b) { b.fail("ping", down); }, [](storage s) { return s.ping(); }},
};

class StorageCancellation : public ::testing::TestWithParam<cancelled_call> {
protected:
    enum class end { cancelled, done };

    /// Cancels after so many steps; a pause counts as one.
    end cancel_after(std::size_t steps) {
        manual_clock time;
        const auto to = std::make_shared<fake_bucket>(time);
        to->piece = 2;
        to->store("a", "hello", {}, checksum_of("hello"));
        GetParam().prepare(*to);
        const storage files({.bucket = to,
                             .pause = {.delay = std::chrono::milliseconds(100)},
                             .hedge_after = std::chrono::milliseconds(200),
                             .time = &time});

        asio::io_context loop{1};
        asio::cancellation_signal signal;
        bool ended = false;
        std::exception_ptr thrown;
        asio::co_spawn(with_context(loop.get_executor()), GetParam().begin(files),
                       asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) {
                           thrown = e;
                           ended = true;
                       }));
        for (std::size_t i = 0; i < steps && !ended; ++i) {
            loop.restart();
            if (loop.poll_one() == 0)
                time.advance(std::chrono::milliseconds(100));
        }
        asio::post(loop, [&] { signal.emit(asio::cancellation_type::terminal); });
        loop.restart();
        loop.poll(); // and no time passes
        EXPECT_TRUE(ended) << "after " << steps << " steps";
        EXPECT_EQ(to->running(), 0) << "after " << steps << " steps";
        EXPECT_EQ(time.sleepers(), 0u) << "after " << steps << " steps";
        if (code_of(thrown) == asio::error::operation_aborted)
            return end::cancelled;
        EXPECT_FALSE(thrown) << describe(thrown);
        return end::done;
    }
};

TEST_P(StorageCancellation, EndsItWhereverItWaits) {
    std::size_t steps = 1; // before its first it is none of ours
    while (cancel_after(steps) == end::cancelled && steps < 2000 && !HasFailure())
        ++steps;
    EXPECT_GT(steps, 2u);
    EXPECT_LT(steps, 2000u);
}

INSTANTIATE_TEST_SUITE_P(Each, StorageCancellation, ::testing::ValuesIn(calls),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace infra::storage
