#include <infra/base/context.hpp>

#include <infra/base/context_executor.hpp>
#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include "support.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <latch>
#include <memory>
#include <thread>

namespace infra {
namespace {

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

TEST(Context, IsEmptyOutsideOfEverything) {
    EXPECT_FALSE(context::current().span().valid());
    EXPECT_EQ(context::current().request_id(), "");
    EXPECT_FALSE(context::current().telemetry_suppressed());
}

TEST(Context, IsImmutableAndEachChangeMakesAnother) {
    const auto a = context().with_request_id("r");
    const auto b = a.with_span({{1, 2}, {3}, 0}).with_baggage({{"tenant", "acme"}});
    EXPECT_FALSE(a.span().valid());
    EXPECT_EQ(b.request_id(), "r");
    EXPECT_EQ(b.baggage().at(0).second, "acme");
    EXPECT_TRUE(b.with_telemetry_suppressed().telemetry_suppressed());
    EXPECT_EQ(b.with_telemetry_suppressed().span(), b.span());
}

TEST(ContextScope, NestsAndRestores) {
    const context_scope outer(context().with_request_id("outer"));
    {
        const context_scope inner(context::current().with_request_id("inner"));
        EXPECT_EQ(context::current().request_id(), "inner");
    }
    EXPECT_EQ(context::current().request_id(), "outer");
}

TEST(ContextScope, DoesNotLeakIntoWhoeverSharesTheThread) {
    test_loop loop;
    std::string seen = "unset";
    const auto hold = [](std::string* to) -> awaitable<void> {
        const context_scope in(context::current().with_request_id("mine"));
        co_await asio::post(asio::use_awaitable);
        *to = context::current().request_id();
    };
    loop.spawn(hold(&seen));
    const auto look = []() -> awaitable<void> {
        EXPECT_EQ(context::current().request_id(), "");
        co_return;
    };
    loop.spawn(look());
    loop.poll();
    EXPECT_EQ(seen, "mine");
    EXPECT_EQ(context::current().request_id(), "");
}

struct traceparent_case {
    const char* text;
    bool valid;
};

span_context in_trace(std::uint64_t span) { return {{1, 2}, {span}, 1}; }

TEST(Span, IsLeftBehindWhenItEndsBeforeWhatIsAboveIt) {
    const context_scope in(context().with_span(in_trace(7)));
    auto below = std::make_unique<telemetry::span>("below");
    {
        telemetry::span above("above");
        below.reset();
        EXPECT_EQ(current_span(), above.context());
    }
    EXPECT_EQ(current_span(), in_trace(7)); // not the one that ended
}

TEST(Span, IsLeftBehindWhereAnotherThreadEndedIt) {
    const context_scope in(context().with_span(in_trace(7)));
    auto open = std::make_unique<telemetry::span>("open");
    std::jthread([&] { open.reset(); }).join();
    EXPECT_EQ(current_span(), in_trace(7));
    const telemetry::span next("next");
    EXPECT_EQ(current_span(), next.context());
}

TEST(Span, LeavesNothingBehindInAnyOrderOfEnding) {
    for (int order = 0; order < 24; ++order) {
        const context_scope in(context().with_span(in_trace(7)));
        std::array<std::unique_ptr<telemetry::span>, 4> open;
        for (auto& each : open)
            each = std::make_unique<telemetry::span>("each");
        std::array<std::size_t, 4> ends{0, 1, 2, 3};
        for (int i = 0; i < order; ++i)
            std::ranges::next_permutation(ends);
        for (const auto i : ends)
            open[i].reset();
        EXPECT_EQ(current_span(), in_trace(7)) << order;
    }
    EXPECT_FALSE(current_span().valid());
}

// A thousand spans that were all left make a long row; taking it down must not recurse.
TEST(Span, MayBeLeftManyTimesOver) {
    const context_scope in(context().with_span(in_trace(7)));
    std::vector<std::unique_ptr<telemetry::span>> open;
    for (int i = 0; i < 200'000; ++i)
        open.push_back(std::make_unique<telemetry::span>("each"));
    for (auto& each : open)
        each.reset();
    EXPECT_EQ(current_span(), in_trace(7));
}

// What was started below a span stays below it, though the span has ended meanwhile.
TEST(Span, StaysTheParentOfWhatItStarted) {
    test_loop loop;
    span_context seen, ended;
    const auto follow = [](span_context* to) -> awaitable<void> {
        co_await asio::post(asio::use_awaitable);
        *to = current_span();
    };
    const auto start = [](auto* child, span_context* self, span_context* to) -> awaitable<void> {
        const auto ex = co_await asio::this_coro::executor;
        const telemetry::span mine("mine");
        *self = mine.context();
        asio::co_spawn(ex, (*child)(to), asio::detached);
    };
    loop.spawn(start(&follow, &ended, &seen));
    loop.poll();
    EXPECT_EQ(seen, ended);
    EXPECT_TRUE(ended.valid());
}

// The request is counted only once somebody else refers to the span's context.
TEST(Span, KeepsItsRequestForWhoCapturesIt) {
    captured_context captured;
    {
        const context_scope request(context().with_request_id("r").with_baggage({{"a", "b"}}));
        const telemetry::span outer("outer");
        const telemetry::span inner("inner");
        captured = captured_context::capture();
    }
    const captured_context::resumption in(captured);
    EXPECT_EQ(context::current().request_id(), "r");
    EXPECT_EQ(context::current().baggage().size(), 1U);
    const telemetry::span child("child");
    EXPECT_EQ(context::current().request_id(), "r");
}

TEST(Span, KeepsItsRequestWhenItIsLeftBehind) {
    std::unique_ptr<telemetry::span> outer, inner;
    {
        const context_scope request(context().with_request_id("r"));
        outer = std::make_unique<telemetry::span>("outer");
        inner = std::make_unique<telemetry::span>("inner");
    }
    outer.reset();
    EXPECT_EQ(context::current().request_id(), "r");
    inner.reset();
    infra::detail::release(infra::detail::slot_exchange(nullptr)); // the scope's end was out of turn
}

TEST(Traceparent, IsReadByTheRulesOfTheSpecification) {
    const traceparent_case cases[] = {
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true},       // unknown flags are ignored
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},       // a later version, same length
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what", true},  // a later version says more
        {"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what", false}, // but not like this
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what", false}, // version 00 says no more
        {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},      // forbidden version
        {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},      // no trace
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},      // no span
        {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01", false},      // upper case
        {"00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", false},       // short
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false},
        {"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01", false},
        {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x", false},
        {"", false},
        {"-", false},
    };
    for (const auto& each : cases)
        EXPECT_EQ(parse_traceparent(each.text).has_value(), each.valid) << each.text;
}

TEST(Traceparent, IsWrittenAsItWasRead) {
    const std::string text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
    EXPECT_EQ(format_traceparent(parse_traceparent(text).value()), text);
    EXPECT_EQ(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")->flags, 3);
}

// --- Thousands of coroutines on several threads, each with its own span, doing everything Asio offers ------------------

struct counts {
    std::atomic<long> checks{0};
    std::atomic<long> wrong{0};
    std::atomic<long> moved_between_threads{0};
};

struct world {
    counts seen;
    asio::io_context a{2}, b{1};
    asio::thread_pool threads{2};
    executor on_a{with_context(a.get_executor())};
    executor on_b{with_context(b.get_executor())};
    executor on_threads{with_context(threads.get_executor())};

    void expect_active(const span_context& span) {
        ++seen.checks;
        if (current_span() != span)
            ++seen.wrong;
    }
};

std::chrono::microseconds up_to(unsigned us) { return std::chrono::microseconds(random_u64() % us); }

awaitable<void> leaf(world& w, span_context parent) {
    w.expect_active(parent);
    {
        const telemetry::span mine("leaf");
        w.expect_active(mine.context());
        switch (random_u64() % 3) {
        case 0: {
            asio::steady_timer timer(co_await asio::this_coro::executor, up_to(500));
            co_await timer.async_wait(asio::use_awaitable);
            break;
        }
        case 1: co_await asio::post(asio::use_awaitable); break;
        default: co_await asio::defer(asio::use_awaitable);
        }
        w.expect_active(mine.context());
    }
    w.expect_active(parent);
}

awaitable<void> failing_leaf(world& w) {
    const telemetry::span mine("failing leaf");
    co_await leaf(w, mine.context());
    w.expect_active(mine.context());
    throw std::runtime_error("on purpose");
}

// An operation whose completion comes from a thread that knows nothing of contexts: as Asio asks of operations, it keeps a
// work-tracking copy of the handler's executor and completes through that.
template <class Token>
auto async_elsewhere(asio::thread_pool& threads, Token&& token) {
    auto initiate = [&threads](auto handler) {
        auto ex = asio::prefer(asio::get_associated_executor(handler, threads.get_executor()),
                               asio::execution::outstanding_work.tracked);
        asio::post(threads.get_executor(), [handler = std::move(handler), ex = std::move(ex)]() mutable {
            asio::dispatch(ex, [handler = std::move(handler)]() mutable { std::move(handler)(); });
        });
    };
    return asio::async_initiate<Token, void()>(std::move(initiate), token);
}

using stream = asio::local::stream_protocol::socket;
using deed = std::function<awaitable<void>(world&, span_context, executor)>;

awaitable<void> sleep_on(executor ex) {
    asio::steady_timer timer(ex, up_to(800));
    co_await timer.async_wait(asio::use_awaitable);
}

awaitable<void> talk_through_sockets(world& w, span_context me) {
    stream one(w.a), other(w.a);
    asio::local::connect_pair(one, other);
    const std::string large(200'000, 'z');
    std::string read(large.size(), '\0');
    co_await (asio::async_write(one, asio::buffer(large), asio::use_awaitable) &&
              asio::async_read(other, asio::buffer(read), asio::use_awaitable));
    w.expect_active(me);
}

awaitable<void> send_under_another_span(
    world& w, std::shared_ptr<asio::experimental::concurrent_channel<void(boost::system::error_code, int)>> channel) {
    const telemetry::span mine("sender");
    co_await channel->async_send({}, 1, asio::use_awaitable);
    w.expect_active(mine.context());
}

const deed deeds[] = {
    [](world&, span_context, executor ex) { return sleep_on(ex); },
    [](world& w, span_context, executor) { return sleep_on(w.a.get_executor()); }, // a timer that carries no context
    [](world& w, span_context, executor) { return sleep_on(w.on_b); },             // a timer of another loop
    [](world&, span_context, executor) -> awaitable<void> { co_await asio::post(asio::use_awaitable); },
    [](world&, span_context, executor) -> awaitable<void> { co_await asio::dispatch(asio::use_awaitable); },
    [](world& w, span_context, executor) -> awaitable<void> { co_await asio::post(w.a, asio::use_awaitable); },
    [](world& w, span_context me, executor) { return talk_through_sockets(w, me); },
    [](world& w, span_context me, executor) { return leaf(w, me); },
    [](world& w, span_context me, executor) -> awaitable<void> { co_await (leaf(w, me) && leaf(w, me)); },
    [](world& w, span_context me, executor ex) -> awaitable<void> {
        asio::co_spawn(ex, leaf(w, me), asio::detached);
        co_return;
    },
    [](world& w, span_context me, executor) -> awaitable<void> {
        co_await asio::co_spawn(w.on_b, leaf(w, me), asio::use_awaitable);
    },
    [](world& w, span_context me, executor) -> awaitable<void> {
        co_await asio::co_spawn(w.on_threads, leaf(w, me), asio::use_awaitable);
    },
    [](world& w, span_context me, executor) -> awaitable<void> {
        co_await asio::post(asio::bind_executor(w.on_threads, asio::use_awaitable)); // really hops, and back
        w.expect_active(me);
        co_await asio::post(asio::use_awaitable);
    },
    [](world& w, span_context, executor) -> awaitable<void> {
        co_await async_elsewhere(w.threads, asio::use_awaitable);
    },
    [](world& w, span_context, executor) -> awaitable<void> {
        using channel = asio::experimental::concurrent_channel<void(boost::system::error_code, int)>;
        const auto between = std::make_shared<channel>(w.on_a, 1);
        asio::co_spawn(w.on_threads, send_under_another_span(w, between), asio::detached);
        co_await between->async_receive(asio::use_awaitable);
    },
    [](world& w, span_context, executor) -> awaitable<void> {
        bool failed = false;
        try {
            co_await failing_leaf(w);
        } catch (const std::runtime_error&) {
            failed = true;
        }
        if (!failed)
            ++w.seen.wrong;
    },
    [](world& w, span_context, executor) -> awaitable<void> {
        const telemetry::span outer("outer");
        co_await asio::post(asio::use_awaitable);
        {
            const telemetry::span inner("inner");
            co_await asio::post(asio::use_awaitable);
            w.expect_active(inner.context());
        }
        w.expect_active(outer.context());
    },
};

// with_deadline cancels, and Asio wants cancellation and coroutine on one strand.
const deed deeds_on_a_strand[] = {
    [](world& w, span_context me, executor) { return with_deadline(leaf(w, me), deadline::after(1min)); },
    [](world&, span_context, executor ex) -> awaitable<void> {
        try {
            co_await with_deadline(sleep_on(ex), deadline::after(50us));
        } catch (const error&) {
        }
    },
};

awaitable<void> live(world& w, int rounds, bool on_a_strand) {
    const auto ex = co_await asio::this_coro::executor;
    const telemetry::span me("life");
    for (int i = 0; i < rounds; ++i) {
        const auto thread = std::this_thread::get_id();
        const bool strand_only = on_a_strand && random_u64() % 8 == 0;
        const auto& next = strand_only ? deeds_on_a_strand[random_u64() % std::size(deeds_on_a_strand)]
                                       : deeds[random_u64() % std::size(deeds)];
        co_await next(w, me.context(), ex);
        w.expect_active(me.context());
        if (std::this_thread::get_id() != thread)
            ++w.seen.moved_between_threads;
    }
}

TEST(ContextExecutor, KeepsEveryCoroutineItsOwnSpan) {
    const int coroutines = std::getenv("INFRA_TEST_LONG") ? 5'000 : 600;
    constexpr int rounds = 20;
    constexpr int at_once = 200; // sockets: stay far below the descriptor limit
    world w;
    auto keep_a = asio::make_work_guard(w.a);
    auto keep_b = asio::make_work_guard(w.b);
    std::vector<std::thread> threads;
    for (auto* io : {&w.a, &w.a, &w.b})
        threads.emplace_back([io, &w] {
            io->run();
            if (context::current().span().valid())
                ++w.seen.wrong;
        });

    std::atomic<int> next{at_once};
    std::latch all(coroutines);
    std::function<void(int)> launch = [&](int i) {
        const bool on_a_strand = i % 2 == 0;
        const executor ex = on_a_strand ? executor(with_context(asio::make_strand(w.a))) : w.on_a;
        asio::co_spawn(ex, live(w, rounds, on_a_strand), [&](std::exception_ptr failure) {
            if (failure)
                ++w.seen.wrong;
            if (const int k = next++; k < coroutines)
                launch(k);
            all.count_down();
        });
    };
    for (int i = 0; i < at_once; ++i)
        launch(i);
    all.wait();
    keep_a.reset();
    keep_b.reset();
    for (auto& each : threads)
        each.join();
    w.threads.join();

    EXPECT_EQ(w.seen.wrong, 0);
    EXPECT_GT(w.seen.checks, coroutines * rounds);
    EXPECT_GT(w.seen.moved_between_threads, 0);
}

} // namespace
} // namespace infra
