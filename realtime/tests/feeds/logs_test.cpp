#include "src/feeds/log_lines.hpp"

#include "support.hpp"

#include <infra/logging.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

namespace infra::realtime::feeds {
namespace {

using lines = std::vector<std::string>;

class LogFeed : public Feeds {
protected:
    /// `info opened`, `logs_missed 3`
    lines heard(test_client& by) {
        turn();
        lines out;
        for (const auto& each : by.heard())
            out.push_back(each.type == "log" ? text_at(each, "level") + " " + text_at(each, "message")
                                             : each.type + " " + text_at(each, "dropped"));
        return out;
    }

    logging::pipeline pipeline{{.outputs = {{.records = std::make_shared<logging::memory_record_sink>()}},
                                .redact = {.keys = {"password"}},
                                .synchronous = true}};
    logging::logger door{{.module = "door", .to = &pipeline}};
};

TEST_F(LogFeed, SaysLinesAsTheyAreAfterRedaction) {
    const auto at = make_hub();
    const auto anna = listener(at, "log");
    begin(publish_logs(at, "log", {}, pipeline));
    door.debug("looked at");
    door.warn("opened \xff", {{"by", "anna"}, {"attempts", 3}, {"password", "s3cret"}});
    turn();
    const auto said = anna->heard();
    ASSERT_EQ(said.size(), 1u) << "debug lines were not asked for";
    EXPECT_EQ(said[0].type, "log");
    EXPECT_EQ(text_at(said[0], "level"), "warn");
    EXPECT_EQ(text_at(said[0], "module"), "door");
    EXPECT_EQ(text_at(said[0], "message"), "opened \xef\xbf\xbd");
    const auto& fields = said[0].data.at("fields").as_object();
    EXPECT_EQ(fields.at("by"), "anna");
    EXPECT_EQ(fields.at("attempts"), 3);
    EXPECT_EQ(json::to_text(said[0].data).find("s3cret"), std::string::npos);
}

TEST_F(LogFeed, NamesTheTraceOfALine) {
    const span_context span{.trace = {1, 2}, .span = {3}};
    const auto m = log_message({.message = "opened", .span = span});
    EXPECT_EQ(m.data.at("trace_id"), "00000000000000010000000000000002");
}

TEST_F(LogFeed, SaysWhatIsAskedForAlone) {
    const auto at = make_hub();
    const auto anna = listener(at, "log");
    begin(publish_logs(at, "log", {.from = level::warn, .only = [](const auto& line) { return line.module == "door"; }},
                       pipeline));
    door.info("opened");
    door.error("broken");
    logging::logger({.module = "window", .to = &pipeline}).error("broken");
    EXPECT_EQ(heard(*anna), lines{"error broken"});
}

TEST_F(LogFeed, CountsAndTellsOfWhatFindsNoRoom) {
    const auto at = make_hub();
    const auto anna = listener(at, "log");
    begin(publish_logs(at, "log", {.max_waiting = 2, .max_waiting_bytes = 2'000}, pipeline));
    for (const auto* each : {"one", "two", "three", "four"})
        door.info(each);
    EXPECT_EQ(heard(*anna), (lines{"info one", "info two", "logs_missed 2"}));
    door.info("five");
    door.info(std::string(3'000, 'x'));
    EXPECT_EQ(heard(*anna), (lines{"info five", "logs_missed 1"}));
    door.info("six");
    EXPECT_EQ(heard(*anna), lines{"info six"}) << "and goes on";
}

TEST_F(LogFeed, TellsOfALineThatFindsNoRoomThoughNoOtherComes) {
    const auto at = make_hub();
    const auto anna = listener(at, "log");
    begin(publish_logs(at, "log", {.max_waiting_bytes = 2'000}, pipeline));
    door.info(std::string(3'000, 'x'));
    EXPECT_EQ(heard(*anna), lines{"logs_missed 1"});
}

TEST_F(LogFeed, SaysInOrderWhatAnotherThreadLogs) {
    const auto at = make_hub();
    const auto anna = listener(at, "log");
    logging::pipeline own({.outputs = {{.records = std::make_shared<logging::memory_record_sink>()}}});
    begin(publish_logs(at, "log", {}, own));
    std::thread busy([&own] {
        const logging::logger window({.module = "window", .to = &own});
        for (int i = 0; i < 500; ++i)
            window.info(std::to_string(i));
    });
    lines all;
    loop.until([&] {
        for (auto& each : heard(*anna))
            all.push_back(std::move(each));
        return all.size() == 500;
    });
    busy.join();
    EXPECT_EQ(all.front(), "info 0");
    EXPECT_EQ(all.back(), "info 499");
    stop_feeds();
}

TEST_F(LogFeed, MakesNoLinesOfItsOwnWhichItWouldSay) {
    struct broken : connection {
        void send(const frame&) override { throw std::runtime_error("the cable is cut"); }
        void close(close_code, std::string_view) override {}
    };
    pipeline.install();
    const auto at = make_hub();
    const auto anna = listener(at, "log");
    begin(publish_logs(at, "log", {}, pipeline));
    auto speaking = at;
    speaking.register_client("ben", std::make_shared<broken>());
    speaking.subscribe("log", "ben");
    door.info("opened");
    turn();
    pass(1s);
    EXPECT_EQ(heard(*anna), lines{"info opened"});
    EXPECT_EQ(at.find_channel("log")->published, 1u);
    EXPECT_EQ(at.get_subscribers("log").size(), 1u) << "that one is gone, of which the log tells";
}

TEST_F(LogFeed, LetsGoOfThePipelineWhenItEnds) {
    const auto at = make_hub();
    const auto anna = listener(at, "log");
    const auto ended = begin(publish_logs(at, "log", {}, pipeline));
    stop_feeds();
    EXPECT_EQ(ended->code(), asio::error::operation_aborted);
    door.info("opened");
    EXPECT_TRUE(heard(*anna).empty());
    EXPECT_EQ(pipeline.counts().lost, 0u);
    log_lines sink(loop.get_executor(), {});
    EXPECT_FALSE(sink.is_closed());
    sink.close();
    EXPECT_TRUE(sink.is_closed());
}

TEST_F(LogFeed, RefusesOptionsThatMakeNoSense) {
    const auto at = make_hub();
    EXPECT_THROW(static_cast<void>(publish_logs(at, "a\nb", {}, pipeline)), std::invalid_argument);
    EXPECT_THROW(static_cast<void>(publish_logs(at, "log", {.max_waiting = 0}, pipeline)), std::invalid_argument);
}

} // namespace
} // namespace infra::realtime::feeds
