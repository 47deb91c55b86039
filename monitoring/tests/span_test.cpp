#include "support.hpp"

#include <infra/base/context.hpp>
#include <infra/base/propagation.hpp>
#include <infra/runtime.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

namespace infra::monitoring {
namespace {

TEST(Span, NestsById) {
    install();
    const auto outer = start_span("processOrder");
    EXPECT_EQ(outer.trace_id.size(), 32U);
    EXPECT_EQ(outer.span_id.size(), 16U);
    EXPECT_FALSE(outer.parent_span_id);
    EXPECT_TRUE(set_span_attributes(outer.span_id, {{"order_id", 17}, {"user_id", "u"}}));
    {
        span inner("charge", {.kind = span_kind::client, .attributes = {{"provider", "x"}}});
        inner.set({{"a", "b"}});
        inner.fail(std::runtime_error("declined"));
        const auto active = get_active_span();
        EXPECT_EQ(active->span_id, inner.id());
        EXPECT_EQ(active->trace_id, outer.trace_id);
        EXPECT_EQ(active->parent_span_id, outer.span_id);
        EXPECT_EQ(active->name, "charge");
        EXPECT_EQ(active->attributes, (json::object{{"provider", "x"}, {"a", "b"}, {"error", "declined"}}));
    }
    EXPECT_EQ(get_active_span()->name, "processOrder");
    EXPECT_EQ(get_active_span()->attributes.at("order_id"), 17);
    EXPECT_TRUE(end_span(outer.span_id));
    EXPECT_FALSE(end_span(outer.span_id));
    EXPECT_FALSE(set_span_attributes(outer.span_id, {{"late", true}}));
    EXPECT_FALSE(get_active_span());
    EXPECT_EQ(default_tracer().recent_spans().at(0).name, "processOrder");
}

TEST(Span, ContinuesATraceFromElsewhere) {
    install();
    const span work("work", {.kind = span_kind::consumer,
                             .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
    const auto active = get_active_span();
    EXPECT_EQ(active->trace_id, "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(active->parent_span_id, "b7ad6b7169203331");
}

TEST(Span, StartsATraceWhenTheParentCannotBeRead) {
    install();
    const span work("work", {.traceparent = "nonsense"});
    EXPECT_FALSE(get_active_span()->parent_span_id);
}

TEST(Span, IsKnownByItsIdsWhenItIsNotSampled) {
    install();
    const auto parent = start_span("quiet", {.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"});
    EXPECT_FALSE(parent.sampled);
    EXPECT_EQ(parent.name, "quiet");
    EXPECT_TRUE(set_span_attributes(parent.span_id, {{"a", 1}}));
    EXPECT_EQ(get_active_span()->span_id, parent.span_id);
    EXPECT_TRUE(end_span(parent.span_id));
}

TEST(Span, IsNotFoundByWhatIsNoId) {
    for (const char* id : {"", "x", "b7ad6b716920333", "b7ad6b71692033310", "zzzzzzzzzzzzzzzz", "-7ad6b7169203331"}) {
        EXPECT_FALSE(end_span(id)) << id;
        EXPECT_FALSE(set_span_attributes(id, {})) << id;
    }
}

TEST(Span, IsEndedForWhoForgetsIt) {
    std::jthread([] { // on a thread of its own, which keeps nothing of them
        std::vector<std::string> ids;
        for (int i = 0; i < 10'001; ++i)
            ids.push_back(start_span("forgotten").span_id);
        EXPECT_FALSE(end_span(ids.front()));
        for (const auto& id : ids)
            end_span(id);
        EXPECT_FALSE(get_active_span());
        (void)start_span("never ended");
    })
        .join();
}

TEST(Span, IsNoLongerActiveOnceEndedInWhateverOrder) {
    install();
    const auto first = start_span("first"), second = start_span("second"), third = start_span("third");
    EXPECT_TRUE(end_span(second.span_id));
    EXPECT_EQ(get_active_span()->span_id, third.span_id);
    EXPECT_TRUE(end_span(third.span_id));
    EXPECT_EQ(get_active_span()->span_id, first.span_id);
    EXPECT_TRUE(end_span(first.span_id));
    EXPECT_FALSE(get_active_span());
}

TEST(Span, IsNoLongerActiveOnceAnotherThreadEndedIt) {
    install();
    const auto open = start_span("open");
    std::jthread([&] {
        EXPECT_TRUE(end_span(open.span_id));
        EXPECT_FALSE(end_span(open.span_id));
    }).join();
    EXPECT_FALSE(get_active_span());
}

TEST(Span, TakesStateBaggageAndLinksFromOptions) {
    install();
    const infra::span_context cause{{1, 2}, {3}, 1};
    {
        const span work("work", {.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                 .tracestate = "rojo=1",
                                 .baggage = "tenant=acme",
                                 .links = {{.context = cause}}});
        const auto out = inject();
        EXPECT_EQ(out.tracestate, "rojo=1");
        EXPECT_EQ(out.baggage, "tenant=acme");
        EXPECT_EQ(work.trace_id(), "0af7651916cd43dd8448eb211c80319c");
    }
    const auto kept = default_tracer().recent_spans(1).at(0);
    EXPECT_EQ(kept.links.at(0).context, cause);
    EXPECT_EQ(kept.trace_state, "rojo=1");
    EXPECT_TRUE(kept.parent_remote);
}

// Each makes a span, goes to the pool and to another loop with it, and finds it active wherever it is.
awaitable<void> wander(event_loops* loops, std::atomic<int>* wrong) {
    const span mine("mine");
    const auto check = [&] { *wrong += get_active_span()->span_id == mine.id() ? 0 : 1; };
    for (int i = 0; i < 5; ++i) {
        co_await default_blocking_pool().run([&] {
            check();
            const span below("below");
            *wrong += current_span().trace == mine.context().trace ? 0 : 1;
        });
        check();
        const auto child = [](auto* outer, std::atomic<int>* bad) -> awaitable<void> {
            *bad += current_span() == outer->context() ? 0 : 1;
            const span inner("inner");
            co_await asio::post(asio::use_awaitable);
            *bad += current_span() == inner.context() ? 0 : 1;
        };
        co_await asio::co_spawn(loops->next().get_executor(), child(&mine, wrong), asio::use_awaitable);
        check();
    }
}

TEST(Span, IsActiveWhereItsCoroutineIsAmongThousandsOnTwoThreads) {
    install();
    std::atomic<int> wrong = 0;
    {
        event_loops loops(2);
        loops.start();
        constexpr int coroutines = 2'000;
        std::latch all(coroutines);
        for (int i = 0; i < coroutines; ++i)
            asio::co_spawn(loops.next().get_executor(), wander(&loops, &wrong), [&](std::exception_ptr failed) {
                wrong += failed ? 1 : 0;
                all.count_down();
            });
        all.wait();
    }
    EXPECT_EQ(wrong, 0);
}

} // namespace
} // namespace infra::monitoring
