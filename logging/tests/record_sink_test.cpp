#include "support.hpp"

#include <atomic>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace infra::logging {
namespace {

/// A pipeline that writes records alone.
struct recorded {
    std::shared_ptr<memory_record_sink> sink = std::make_shared<memory_record_sink>();
    pipeline out;

    explicit recorded(pipeline_options options = {}) : out(with(std::move(options), sink)) {}

    std::vector<memory_record_sink::record> records() {
        EXPECT_TRUE(out.flush(deadline::after(30s)));
        return sink->records();
    }

private:
    static pipeline_options with(pipeline_options options, std::shared_ptr<record_sink> to) {
        options.outputs.push_back({.records = std::move(to)});
        options.time = &still();
        return options;
    }
};

/// Takes what it is told to take.
class picky_sink final : public record_sink {
public:
    explicit picky_sink(std::shared_ptr<memory_record_sink> to) : to_(std::move(to)) {}

    outcome write(std::span<const record_view> records) noexcept override {
        largest = std::max<std::size_t>(largest, records.size());
        offered += records.size();
        auto out = to_->write(records.first(std::min(records.size(), takes.load())));
        if (out.taken < records.size())
            out.failure = make_error_code(boost::system::errc::no_buffer_space);
        return out;
    }
    bool is_closed() const noexcept override { return closed; }
    bool has_room() const noexcept override { return roomy; }

    std::atomic<std::size_t> takes{0};
    std::atomic<std::size_t> largest{0};
    std::atomic<std::size_t> offered{0};
    std::atomic<bool> roomy{true};
    std::atomic<bool> closed{false};

private:
    const std::shared_ptr<memory_record_sink> to_;
};

template <class Records>
std::vector<std::string> messages(const Records& all) {
    std::vector<std::string> out;
    for (const auto& each : all)
        out.push_back(each.message);
    return out;
}
using list = std::vector<std::string>;

TEST(LogRecordSink, GetsTheRecordAsItWasAccepted) {
    recorded log({.redact = {.paths = {"user.card"}}, .locate_from = level::warn});
    const context_scope in(context().with_span({{1, 2}, {3}, 1}).with_request_id("r-1"));
    const json::value user{{"name", "Ann"}, {"card", "4711"}};
    const logger speaks({.module = "web", .fields = {{"shard", 7}, {"status", 0}}, .to = &log.out});
    const auto here = std::source_location::current();
    speaks.warn("served",
                {{"status", 200},
                 {"took", 1500us},
                 {"user", user},
                 {"token", "hunter2"},
                 {"error", std::runtime_error("it broke")}},
                here);
    speaks.info("\xff");
    const auto all = log.records();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].time, still().wall());
    EXPECT_EQ(all[0].severity, level::warn);
    EXPECT_EQ(all[0].module, "web");
    EXPECT_EQ(all[0].message, "served");
    EXPECT_EQ(all[0].span, (span_context{{1, 2}, {3}, 1}));
    EXPECT_EQ(json::to_text(all[0].fields),
              R"({"request_id":"r-1","shard":7,"status":200,"took":1.5,)"
              R"("user":{"name":"Ann","card":"[redacted]"},"token":"[redacted]","error":"it broke"})");
    EXPECT_EQ(all[0].file, here.file_name());
    EXPECT_EQ(all[0].line, here.line());
    EXPECT_EQ(all[1].message, "\xff"); // as it was given
    EXPECT_EQ(all[1].file, "");
}

TEST(LogRecordSink, StandsBesideTextAndTakesItsOwnLevels) {
    const auto text = std::make_shared<memory_sink>();
    const auto loud = std::make_shared<memory_record_sink>();
    recorded log({.outputs = {{.to = text, .as = format::json}, {.records = loud, .from = level::warn}}});
    const logger speaks({.to = &log.out});
    speaks.info("quiet", {{"i", 1}});
    speaks.error("loud", {{"i", 2}});
    EXPECT_EQ(messages(log.records()), (list{"quiet", "loud"}));
    EXPECT_EQ(messages(loud->records()), list{"loud"});
    EXPECT_EQ(loud->records()[0].fields, (json::object{{"i", 2}}));
    EXPECT_EQ(text->lines().size(), 2U);
}

TEST(LogRecordSink, GetsLongRecordsAndManyInBoundedBatches) {
    const auto picky = std::make_shared<picky_sink>(std::make_shared<memory_record_sink>());
    picky->takes = 1'000'000;
    recorded log({.outputs = {{.records = picky}}, .buffer_bytes = 1 << 20, .longest_wait = 60s});
    const logger speaks({.to = &log.out});
    const std::string huge(3 << 20, 'x');
    speaks.info(huge, {{"n", 1}});
    for (int i = 0; i < 5000; ++i)
        speaks.info("small");
    const auto all = log.records();
    ASSERT_EQ(all.size(), 5001U);
    EXPECT_EQ(all[0].message, huge);
    EXPECT_LE(picky->largest, 512U);
}

TEST(LogRecordSink, LosesOnlyWhatItRefusesAndIsToldOfIt) {
    const auto memory = std::make_shared<memory_record_sink>();
    const auto picky = std::make_shared<picky_sink>(memory);
    recorded log({.outputs = {{.records = picky}}, .synchronous = true});
    const logger speaks({.to = &log.out});
    speaks.info("lost");
    speaks.info("lost as well");
    EXPECT_FALSE(log.out.flush(deadline::after(30s)));
    EXPECT_EQ(log.out.counts().lost, 2U);
    EXPECT_TRUE(memory->records().empty());
    picky->takes = 100;
    speaks.info("goes on");
    const auto all = memory->records();
    EXPECT_EQ(messages(all), (list{"log lines were lost", "goes on"}));
    EXPECT_EQ(all.at(0).severity, level::warn);
    EXPECT_EQ(all.at(0).module, "logging");
    EXPECT_EQ(all.at(0).fields, (json::object{{"lines", 2}}));
    EXPECT_EQ(messages(log.records()).size(), 3U); // the other one lost nothing
}

TEST(LogRecordSink, IsNotToldOfALossBeforeItHasRoom) {
    const auto memory = std::make_shared<memory_record_sink>();
    const auto picky = std::make_shared<picky_sink>(memory);
    picky->roomy = false;
    recorded log({.outputs = {{.records = picky}}, .synchronous = true});
    const logger speaks({.to = &log.out});
    speaks.info("lost");
    for (int i = 0; i < 5; ++i)
        log.out.flush(deadline::after(30s));
    EXPECT_EQ(picky->offered, 1U);
    picky->takes = 100;
    picky->roomy = true;
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    EXPECT_EQ(messages(memory->records()), (list{"log lines were lost"})); // though nobody logs
}

TEST(LogRecordSink, IsLetGoOnceItIsClosed) {
    auto memory = std::make_shared<memory_record_sink>();
    auto picky = std::make_shared<picky_sink>(memory);
    picky->takes = 100;
    const std::weak_ptr<picky_sink> watched = picky;
    recorded log;
    log.out.add_output({.records = picky});
    const logger speaks({.to = &log.out});
    speaks.info("one");
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    picky->closed = true;
    picky.reset();
    speaks.info("two");
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(messages(memory->records()), list{"one"});
    EXPECT_EQ(log.out.counts().lost, 0U);
    EXPECT_EQ(messages(log.records()), (list{"one", "two"}));
}

/// Counts the records of one module until it is closed.
class counting_sink final : public record_sink {
public:
    outcome write(std::span<const record_view> records) noexcept override {
        count += static_cast<std::size_t>(std::ranges::count(records, "here", &record_view::module));
        return {records.size(), {}};
    }
    bool is_closed() const noexcept override { return closed; }

    std::atomic<std::size_t> count{0};
    std::atomic<bool> closed{false};
};

TEST(LogRecordSink, IsAddedWhileLinesFlow) {
    const auto first = std::make_shared<counting_sink>();
    pipeline out({.outputs = {{.records = first}}, .longest_wait = 60s});
    std::atomic<bool> ends{false};
    std::jthread writer([&] {
        const logger busy({.module = "busy", .to = &out});
        for (int i = 0; !ends; ++i)
            busy.info("line", {{"i", i}});
    });
    for (int i = 0; i < 20; ++i) {
        const auto added = std::make_shared<counting_sink>();
        out.add_output({.records = added});
        logger({.module = "here", .to = &out}).info("after");
        EXPECT_TRUE(out.flush(deadline::after(30s)));
        EXPECT_EQ(added->count, 1U);
        added->closed = true;
    }
    ends = true;
    EXPECT_EQ(first->count, 20U);
}

TEST(LogRecordSink, TakesATextOutputLateToo) {
    recorded log;
    const auto text = std::make_shared<memory_sink>();
    logger speaks({.to = &log.out});
    speaks.info("before");
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    log.out.add_output({.to = text, .as = format::json, .from = level::warn});
    speaks.info("quiet");
    speaks.warn("after");
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    EXPECT_EQ(text->text(), "{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"level\":\"warn\",\"message\":\"after\"}\n");
}

TEST(LogRecordSink, IsOneOfTwoThingsAnOutputNames) {
    const auto make = [](output o) { return pipeline({.outputs = {std::move(o)}}).counts(); };
    EXPECT_THROW(make({}), std::invalid_argument);
    EXPECT_THROW(make({.to = std::make_shared<memory_sink>(), .records = std::make_shared<memory_record_sink>()}),
                 std::invalid_argument);
    EXPECT_THROW(recorded().out.add_output({}), std::invalid_argument);
}

/// Adds an output while it writes.
class rash_sink final : public record_sink {
public:
    outcome write(std::span<const record_view> records) noexcept override {
        try {
            to->add_output({.records = std::make_shared<memory_record_sink>()});
        } catch (const infra::error& e) {
            refused = e.code() == errc::invalid_state;
        }
        return {records.size(), {}};
    }
    pipeline* to = nullptr;
    bool refused = false;
};

TEST(LogRecordSink, MayNotAddOutputsItself) {
    const auto rash = std::make_shared<rash_sink>();
    recorded log({.outputs = {{.records = rash}}, .synchronous = true});
    rash->to = &log.out;
    logger({.to = &log.out}).info("m");
    EXPECT_TRUE(rash->refused);
}

TEST(LogRecordSink, ForgetsTheOldestOfTooMany) {
    memory_record_sink few({.max_records = 2});
    const record_view three[] = {{.message = "a"}, {.message = "b"}, {.message = "c"}};
    EXPECT_EQ(few.write(three).taken, 3U);
    EXPECT_EQ(messages(few.records()), (list{"b", "c"}));
    few.clear();
    EXPECT_TRUE(few.records().empty());
}

} // namespace
} // namespace infra::logging
