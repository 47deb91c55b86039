#include "support.hpp"

#include <infra/base/context.hpp>

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

// On a thread of its own: a span that is ended while others are open below it stays the parent they return to.
TEST(Span, IsEndedForWhoForgetsIt) {
    std::jthread([] {
        std::vector<std::string> ids;
        for (int i = 0; i < 10'001; ++i)
            ids.push_back(start_span("forgotten").span_id);
        EXPECT_FALSE(end_span(ids.front()));
        for (auto id = ids.rbegin(); id + 1 != ids.rend(); ++id)
            EXPECT_TRUE(end_span(*id));
        infra::detail::release(infra::detail::slot_exchange(nullptr)); // what such a thread would keep: see the README
    }).join();
}

} // namespace
} // namespace infra::monitoring
