#include "support.hpp"

#include <infra/base/context.hpp>

#include <algorithm>
#include <mutex>
#include <thread>

namespace infra::monitoring {
namespace {

TEST(Tracer, KeepsEndedSpansNewestFirst) {
    tracer t;
    t.install();
    {
        telemetry::span outer("outer", span_kind::server);
        telemetry::span inner("inner");
        inner.set({{"a", 1}, {"b", "two"}});
        inner.event("half way", {{"n", 3}});
        inner.fail("declined");
        outer.rename("GET /users/{id}");
    }
    const auto spans = t.recent_spans();
    ASSERT_EQ(spans.size(), 2U);
    EXPECT_EQ(spans[0].name, "GET /users/{id}");
    EXPECT_EQ(spans[0].kind, span_kind::server);
    EXPECT_FALSE(spans[0].parent);
    EXPECT_EQ(spans[1].parent, spans[0].context.span);
    EXPECT_EQ(spans[1].context.trace, spans[0].context.trace);
    EXPECT_EQ(spans[1].attributes, (json::object{{"a", 1}, {"b", "two"}}));
    EXPECT_EQ(spans[1].events.at(0).name, "half way");
    EXPECT_EQ(spans[1].status, span_status::error);
    EXPECT_EQ(spans[1].status_description, "declined");
    EXPECT_LE(spans[1].start, spans[1].end);
}

TEST(Tracer, RecordsOnlyWhatIsSampled) {
    tracer t({.sampler = {.ratio = 0}});
    t.install();
    {
        const telemetry::span root("root");
        EXPECT_FALSE(root.recording());
        EXPECT_TRUE(root.context().valid()); // log lines carry the ids all the same
        EXPECT_FALSE(root.context().sampled());
    }
    {
        const telemetry::span continued("continued", span_kind::server, {{1, 2}, {3}, 1});
        EXPECT_TRUE(continued.recording());
    }
    EXPECT_EQ(t.recent_spans().size(), 1U);
}

// Of every root the sampler says the same, whichever way its span is made.
TEST(Tracer, RecordsTheShareOfRootsThatItsRatioSays) {
    constexpr sampler quarter{.ratio = 0.25};
    tracer t({.sampler = quarter});
    t.install();
    int recorded = 0;
    for (int i = 0; i < 4000; ++i) {
        const telemetry::span root("root");
        EXPECT_EQ(root.recording(), quarter.samples(root.context().trace, {}));
        recorded += root.recording();
    }
    EXPECT_GT(recorded, 800); // seven standard deviations
    EXPECT_LT(recorded, 1200);
}

TEST(Tracer, ForgetsTheOldestSpans) {
    tracer t({.max_recent = 3});
    t.install();
    for (int i = 0; i < 10; ++i)
        const telemetry::span each("span " + std::to_string(i));
    const auto spans = t.recent_spans();
    ASSERT_EQ(spans.size(), 3U);
    EXPECT_EQ(spans[0].name, "span 9");
    EXPECT_EQ(t.recent_spans(1).size(), 1U);
    t.clear();
    EXPECT_TRUE(t.recent_spans().empty());
}

TEST(Tracer, LimitsAttributesEventsAndOpenSpans) {
    metrics m;
    m.install();
    tracer t({.max_open = 2, .max_attributes = 2, .max_events = 1});
    t.install();
    {
        telemetry::span one("one"), two("two");
        const telemetry::span three("three");
        EXPECT_FALSE(three.recording());
        two.set({{"a", 1}, {"b", 2}, {"c", 3}});
        two.set({{"a", 4}});
        two.event("first");
        two.event("second");
    }
    const auto spans = t.recent_spans();
    ASSERT_EQ(spans.size(), 2U);
    EXPECT_EQ(spans[1].attributes, (json::object{{"a", 4}, {"b", 2}}));
    EXPECT_EQ(spans[1].dropped_attributes, 1U);
    EXPECT_EQ(spans[1].dropped_events, 1U);
    EXPECT_EQ(m.get_counter("tracer_spans_dropped_total"), 1);
}

TEST(Tracer, MakesUtf8OfWhatIsNot) {
    tracer t;
    t.install();
    {
        telemetry::span each("x");
        each.set({{"bad \xFF", "worse \xC0\xAF"}});
    }
    EXPECT_EQ(t.recent_spans().at(0).attributes.begin()->key(), "bad \uFFFD");
}

TEST(Tracer, LetsAnOpenSpanEndWhereItBegan) {
    tracer second;
    std::optional<telemetry::span> open;
    {
        tracer first;
        first.install();
        open.emplace("open");
        second.install();
    }
    open->set({{"a", 1}});
    open.reset();
    EXPECT_TRUE(second.recent_spans().empty());
}

TEST(Tracer, RecordsTheSpansOfManyThreads) {
    tracer t({.max_recent = 100'000});
    t.install();
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                for (int n = 0; n < 1000; ++n) {
                    telemetry::span outer("outer");
                    telemetry::span inner("inner");
                    inner.set({{"n", n}});
                    EXPECT_TRUE(t.open_span(inner.context().span));
                }
            });
    }
    EXPECT_EQ(t.recent_spans(100'000).size(), 8000U);
}

TEST(Tracer, KeepsLinksStatusAndWhereTheParentIs) {
    tracer t({.max_attributes = 1, .max_links = 1});
    t.install();
    {
        const infra::span_context elsewhere{{1, 2}, {3}, 1, true};
        telemetry::span work("work", span_kind::consumer, elsewhere);
        work.link({{4, 5}, {6}, 1}, {{"why", "batch"}, {"more", 1}});
        work.link({{7, 8}, {9}, 1});
        work.event("late", {{"a", 1}, {"b", 2}});
        work.succeed();
        work.fail("too late: ok is final");
    }
    const auto span = t.recent_spans().at(0);
    EXPECT_TRUE(span.parent_remote);
    ASSERT_EQ(span.links.size(), 1U);
    EXPECT_EQ(span.links[0].context.trace, (infra::trace_id{4, 5}));
    EXPECT_EQ(span.links[0].attributes, (json::object{{"why", "batch"}}));
    EXPECT_EQ(span.links[0].dropped_attributes, 1U);
    EXPECT_EQ(span.dropped_links, 1U);
    EXPECT_EQ(span.events.at(0).dropped_attributes, 1U);
    EXPECT_EQ(span.status, span_status::ok);
    EXPECT_EQ(span.status_description, "");
}

TEST(Tracer, CutsAndCleansEveryText) {
    tracer t({.max_value_bytes = 4});
    t.install();
    {
        telemetry::span work("na\xFFme and more");
        work.event("événement");
        work.set({{"key and more", "value"}, {"json", json::value{{"deep inside", json::array{"12345"}}}}});
        work.fail("\xC0\xAF");
    }
    const auto span = t.recent_spans().at(0);
    EXPECT_EQ(span.name, "na\uFFFDm");
    EXPECT_EQ(span.events.at(0).name, "év"); // not within a character
    EXPECT_EQ(span.attributes, (json::object{{"key ", "valu"}, {"json", json::object{{"deep", json::array{"1234"}}}}}));
    EXPECT_EQ(span.status_description, "\uFFFD\uFFFD");
}

TEST(Tracer, RemembersNothingOfAnEarlierSpan) {
    tracer t({.max_recent = 1});
    t.install();
    for (int i = 0; i < 5; ++i) { // in the memory of those before
        telemetry::span full("full");
        full.set({{"a", "b"}});
        full.event("e");
        full.link({{1, 2}, {3}, 1});
        full.fail("x");
    }
    {
        const telemetry::span empty("empty");
    }
    {
        const telemetry::span last("last");
    }
    const auto span = t.recent_spans().at(0);
    EXPECT_EQ(span.name, "last");
    EXPECT_TRUE(span.attributes.empty());
    EXPECT_TRUE(span.events.empty());
    EXPECT_TRUE(span.links.empty());
    EXPECT_EQ(span.status, span_status::unset);
    EXPECT_EQ(span.status_description, "");
}

struct kept_spans : span_sink {
    void ended(std::shared_ptr<const span_record> span) noexcept override {
        const std::scoped_lock lock(mutex);
        all.push_back(std::move(span));
    }
    std::mutex mutex;
    std::vector<std::shared_ptr<const span_record>> all;
};

TEST(Tracer, SendsEndedSpansToASinkForAsLongAsItIsThere) {
    tracer t({.max_recent = 2});
    t.install();
    const auto sink = std::make_shared<kept_spans>();
    t.send_to(sink);
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 2; ++i)
            threads.emplace_back([] {
                for (int n = 0; n < 500; ++n)
                    const telemetry::span each("span " + std::to_string(n));
            });
    }
    EXPECT_EQ(sink->all.size(), 1000U);
    EXPECT_EQ(std::ranges::count(sink->all, "span 499", [](const auto& each) { return each->name; }), 2);
    t.send_to(nullptr);
    {
        const telemetry::span nobody("nobody");
    }
    EXPECT_EQ(sink->all.size(), 1000U);
}

TEST(Tracer, SendsEndedSpansToEverySinkBesideTheExporter) {
    tracer t;
    t.install();
    const auto exporter = std::make_shared<kept_spans>(), first = std::make_shared<kept_spans>(),
               second = std::make_shared<kept_spans>();
    t.add_sink(first);
    t.send_to(exporter);
    t.add_sink(second);
    {
        const telemetry::span all("to all");
    }
    t.remove_sink(first);
    t.send_to(nullptr);
    {
        const telemetry::span one("to one");
    }
    EXPECT_EQ(exporter->all.size(), 1U);
    EXPECT_EQ(first->all.size(), 1U);
    ASSERT_EQ(second->all.size(), 2U);
    EXPECT_EQ(second->all[0], first->all[0]); // shared, not copied
    EXPECT_EQ(second->all[1]->name, "to one");
}

TEST(Tracer, ShowsSpansThatAreOpen) {
    tracer t;
    t.install();
    const telemetry::span outer("outer");
    telemetry::span inner("inner");
    const telemetry::span other("other", span_kind::server, {{1, 2}, {3}, 1});
    EXPECT_EQ(t.open_spans().size(), 3U);
    EXPECT_EQ(t.open_spans({}, 2).size(), 2U);
    const auto of_one = t.open_spans(infra::trace_id{1, 2});
    ASSERT_EQ(of_one.size(), 1U);
    EXPECT_EQ(of_one[0].name, "other");
    inner.end();
    EXPECT_EQ(t.open_spans(outer.context().trace).size(), 1U);
}

TEST(Tracer, NamesABadOption) { EXPECT_THROW(tracer({.sampler = {.ratio = 1.5}}), std::invalid_argument); }

} // namespace
} // namespace infra::monitoring
