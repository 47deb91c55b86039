#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace infra {
namespace {

// What the listeners heard. The tables are plain functions, so the notes are global; CTest runs each test in a process
// of its own, and the fixture starts afresh for whoever runs the program by hand.
struct notes {
    std::vector<std::string> lines;
    std::vector<std::string> bound;
    double sum = 0;
    double last = 0;
    std::vector<std::string> spans;
    bool sampling = true;
    int asked = 0; // whether to sample
};
notes* heard = nullptr;

const telemetry::log_functions logs{
    .enabled = [](level l, std::string_view module) noexcept { return l >= level::info && module != "quiet"; },
    .write =
        [](const log_record& r) noexcept {
            auto line = std::string(to_string(r.severity)) + " " + std::string(r.module) + " " + std::string(r.message);
            for (const auto& f : r.fields)
                line += " " + std::string(f.key) + "=" +
                        (f.value.type() == field_value::kind::text ? std::string(f.value.text())
                                                                   : std::to_string(f.value.signed_integer()));
            heard->lines.push_back(line);
        },
};

const telemetry::meter_functions meter{
    .bind = [](const telemetry::instrument& of, std::span<const label> labels) noexcept -> void* {
        auto name = std::string(of.name);
        for (const auto& l : labels)
            name += "," + std::string(l.name) + "=" + std::string(l.value);
        heard->bound.push_back(name);
        return heard;
    },
    .add = [](void* series, double amount) noexcept { static_cast<notes*>(series)->sum += amount; },
    .record = [](void* series, double value) noexcept { static_cast<notes*>(series)->last = value; },
};

const telemetry::tracer_functions tracer{
    .sample =
        [](trace_id, const span_context&, std::string_view, span_kind) noexcept {
            ++heard->asked;
            return heard->sampling;
        },
    .start = [](std::string_view name, span_kind, const span_context&, span_id, wall_time) noexcept -> void* {
        heard->spans.push_back("start " + std::string(name));
        return heard;
    },
    .set = [](void*, std::span<const field> f) noexcept { heard->spans.push_back("set " + std::string(f[0].key)); },
    .event = [](void*, std::string_view name, std::span<const field>,
                wall_time) noexcept { heard->spans.push_back("event " + std::string(name)); },
    .status = [](void*, span_status, std::string_view d) noexcept { heard->spans.push_back("fail " + std::string(d)); },
    .rename = [](void*, std::string_view name) noexcept { heard->spans.push_back("rename " + std::string(name)); },
    .end = [](void*, wall_time) noexcept { heard->spans.push_back("end"); },
};

const telemetry::tracer_functions following = [] {
    auto table = tracer;
    table.follows_parent = true;
    return table;
}();

struct Telemetry : testing::Test {
    Telemetry() { heard = &mine; }
    ~Telemetry() override {
        telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
        telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
        telemetry::install(static_cast<const telemetry::tracer_functions*>(nullptr));
    }
    notes mine;
};

const telemetry::instrument requests{.name = "requests_total", .help = "Requests."};

TEST_F(Telemetry, IsSilentWhenNobodyListens) {
    telemetry::log(level::error, "m", "nobody hears this");
    const telemetry::series s(requests);
    s.add();
    telemetry::span span("work");
    span.set({{"k", 1}});
    EXPECT_FALSE(span.recording());
    EXPECT_TRUE(span.context().valid()) << "ids are there for log lines and headers all the same";
}

TEST_F(Telemetry, DeliversLinesThatAreEnabled) {
    telemetry::install(&logs);
    telemetry::log(level::info, "queue", "done", {{"id", 7}, {"name", "mail"}});
    telemetry::log(level::debug, "queue", "detail");
    telemetry::log(level::error, "quiet", "hidden");
    EXPECT_EQ(mine.lines, (std::vector<std::string>{"info queue done id=7 name=mail"}));
    EXPECT_TRUE(telemetry::log_enabled(level::warn, "queue"));
    EXPECT_FALSE(telemetry::log_enabled(level::debug, "queue"));
}

TEST_F(Telemetry, BindsASeriesOnceWithItsLabels) {
    telemetry::install(&meter);
    const telemetry::series s(requests, {{"route", "/x"}, {"status", "200"}});
    s.add();
    s.add(2);
    EXPECT_EQ(mine.bound, (std::vector<std::string>{"requests_total,route=/x,status=200"}));
    EXPECT_EQ(mine.sum, 3);
}

TEST_F(Telemetry, BindsAgainAfterEachInstallation) {
    const telemetry::series s(requests);
    s.add(); // unheard
    telemetry::install(&meter);
    s.add();
    telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
    s.add();
    telemetry::install(&meter);
    s.record(9);
    EXPECT_EQ(mine.bound.size(), 2u);
    EXPECT_EQ(mine.sum, 1);
    EXPECT_EQ(mine.last, 9);
}

// Each table hands out its own mark and dies if it is handed another's.
int first_mark, second_mark;
template <int* Mark>
const telemetry::meter_functions marking{
    .bind = [](const telemetry::instrument&, std::span<const label>) noexcept -> void* { return Mark; },
    .add = [](void* series, double) noexcept { ASSERT_EQ(series, Mark); },
    .record = [](void*, double) noexcept {},
};

TEST_F(Telemetry, AsksWhetherToSampleASpanOfEitherKindOfParent) {
    telemetry::install(&tracer);
    mine.sampling = false;
    const telemetry::span root("root");
    {
        const telemetry::span child("child");
        mine.sampling = true;
        const telemetry::span grandchild("grandchild");
        EXPECT_FALSE(child.context().sampled());
        EXPECT_TRUE(grandchild.context().sampled());
        mine.sampling = false;
        EXPECT_FALSE(telemetry::span("below one that is").context().sampled());
    }
    EXPECT_EQ(mine.asked, 4);
    EXPECT_EQ(mine.spans, (std::vector<std::string>{"start grandchild", "end"}));
}

TEST_F(Telemetry, AsksForRootsOnlyWhereChildrenFollow) {
    telemetry::install(&following);
    for (const bool sampled : {false, true}) {
        mine.sampling = sampled;
        mine.asked = 0;
        const telemetry::span root("root");
        mine.sampling = !sampled;
        const telemetry::span child("child");
        const telemetry::span grandchild("grandchild");
        EXPECT_EQ(mine.asked, 1);
        EXPECT_EQ(child.context().sampled(), sampled);
        EXPECT_EQ(grandchild.context().sampled(), sampled);
        EXPECT_EQ(grandchild.recording(), sampled);
        EXPECT_EQ(grandchild.context().trace, root.context().trace);
        EXPECT_NE(grandchild.context().span, child.context().span);
        EXPECT_EQ(current_span(), grandchild.context());
    }
}

TEST_F(Telemetry, AsksForNoRootWhoseTraceIsBelowTheTablesFirst) {
    constexpr std::uint64_t low_56_bits = (std::uint64_t(1) << 56) - 1, half = std::uint64_t(1) << 55;
    auto table = tracer;
    table.samples_from = half;
    telemetry::install(&table);
    for (int i = 0; i < 200; ++i) {
        mine.asked = 0;
        const telemetry::span root("root");
        const bool may_be_sampled = (root.context().trace.low & low_56_bits) >= half;
        EXPECT_EQ(mine.asked, may_be_sampled ? 1 : 0);
        EXPECT_EQ(root.context().sampled(), may_be_sampled);
    }
    const telemetry::span started("root", span_kind::server, span_context{}); // the way of requests without a parent
    EXPECT_EQ(started.context().sampled(), (started.context().trace.low & low_56_bits) >= half);
}

TEST_F(Telemetry, RecordsNoSuppressedRootHoweverItsTrace) {
    telemetry::install(&tracer);
    {
        const telemetry::span first("makes what the next one uses again");
    }
    mine.spans.clear();
    const context_scope quiet(context().with_telemetry_suppressed());
    const telemetry::span root("root");
    EXPECT_FALSE(root.recording() || root.context().sampled());
    EXPECT_TRUE(mine.spans.empty());
}

TEST_F(Telemetry, NeverHandsATableTheSeriesOfAnother) {
    const telemetry::series s(requests);
    std::atomic<bool> enough{false};
    std::array<std::thread, 3> reporters;
    for (auto& each : reporters)
        each = std::thread([&] {
            while (!enough)
                s.add();
        });
    for (int i = 0; i < 50'000; ++i)
        telemetry::install(i % 2 ? &marking<&first_mark> : &marking<&second_mark>);
    enough = true;
    for (auto& each : reporters)
        each.join();
}

TEST_F(Telemetry, EmptySeriesReportsNothing) {
    telemetry::install(&meter);
    const telemetry::series s;
    s.add();
    EXPECT_TRUE(mine.bound.empty());
}

TEST_F(Telemetry, TellsTheTracerTheLifeOfASpan) {
    telemetry::install(&tracer);
    {
        telemetry::span span("GET", span_kind::server);
        EXPECT_TRUE(span.recording());
        EXPECT_TRUE(span.context().sampled());
        span.rename("GET /x");
        span.set({{"http.route", "/x"}});
        span.event("retry");
        span.fail("boom");
        span.end();
        span.end();
    }
    EXPECT_EQ(mine.spans, (std::vector<std::string>{"start GET", "rename GET /x", "set http.route", "event retry",
                                                    "fail boom", "end"}));
}

TEST_F(Telemetry, SpanThatIsNotSampledSaysSoToItsChildren) {
    telemetry::install(&tracer);
    mine.sampling = false;
    const span_context remote{{1, 2}, {3}, span_context::sampled_flag};
    telemetry::span span("work", span_kind::server, remote);
    EXPECT_FALSE(span.recording());
    EXPECT_FALSE(span.context().sampled());
    EXPECT_EQ(span.context().trace, remote.trace);
    EXPECT_TRUE(mine.spans.empty());
}

TEST_F(Telemetry, ChildrenShareTheTraceAndTheOldSpanReturns) {
    telemetry::span outer("outer");
    const auto outer_id = outer.context();
    {
        telemetry::span inner("inner");
        EXPECT_EQ(inner.context().trace, outer_id.trace);
        EXPECT_NE(inner.context().span, outer_id.span);
        EXPECT_EQ(current_span(), inner.context());
    }
    EXPECT_EQ(current_span(), outer_id);
    outer.end();
    EXPECT_FALSE(current_span().valid());
}

TEST_F(Telemetry, RequestIdIsPartOfTheContextUnderTheSpan) {
    telemetry::span span("GET", span_kind::server, {}, "req-1");
    EXPECT_EQ(context::current().request_id(), "req-1");
    span.end();
    EXPECT_EQ(context::current().request_id(), "");
}

TEST_F(Telemetry, SuppressedContextReportsNothing) {
    telemetry::install(&logs);
    telemetry::install(&meter);
    telemetry::install(&tracer);
    const telemetry::series s(requests);
    const context_scope in(context::current().with_telemetry_suppressed());
    telemetry::log(level::error, "m", "x");
    s.add();
    telemetry::span span("export");
    EXPECT_FALSE(telemetry::log_enabled(level::error, "m"));
    EXPECT_TRUE(mine.lines.empty());
    EXPECT_TRUE(mine.bound.empty());
    EXPECT_TRUE(mine.spans.empty());
}

TEST(FieldValue, KeepsTheTypeOfWhatItIsGiven) {
    using kind = field_value::kind;
    const std::string text = "s";
    EXPECT_EQ(field_value(true).type(), kind::boolean);
    EXPECT_EQ(field_value(1).type(), kind::signed_integer);
    EXPECT_EQ(field_value(std::size_t{1}).type(), kind::unsigned_integer);
    EXPECT_EQ(field_value(1.5f).type(), kind::floating);
    EXPECT_EQ(field_value("literal").text(), "literal");
    EXPECT_EQ(field_value(text).text(), "s");
    EXPECT_EQ(field_value(static_cast<const char*>(nullptr)).type(), kind::null);
    EXPECT_EQ(field_value(nullptr).type(), kind::null);
    EXPECT_EQ(field_value(std::chrono::microseconds(1500)).milliseconds(), 1.5);
    EXPECT_EQ(to_unix_ms(field_value(from_unix_ms(5)).time()), 5);
    EXPECT_EQ(field_value(std::runtime_error("boom")).type(), kind::exception);
    EXPECT_EQ(field_value(boost::system::error_code()).type(), kind::error_code);
}

} // namespace
} // namespace infra
