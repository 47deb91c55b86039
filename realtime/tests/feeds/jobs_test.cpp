#include "src/feeds/jobs.hpp"

#include "support.hpp"

#include "../joined_brokers.hpp"

#include <infra/queue/memory.hpp>

#include <gtest/gtest.h>

namespace infra::realtime::feeds {
namespace {

using queue::job_event;
using queue::outcome;
using lines = std::vector<std::string>;

class JobFeed : public Feeds {
protected:
    queue::queue jobs() { return queue::queue(stored, {}, std::make_shared<queue::registry>(), time); }

    void add(const std::string& id) {
        loop.get(stored->enqueue({{.queue = "mail", .id = id, .name = "welcome", .created_at = time.wall()}}));
    }
    queue::lease take(const std::shared_ptr<queue::backend>& by) {
        const auto taken = loop.get(by->claim({.queues = {"mail"}, .worker = "w", .now = time.wall()}));
        EXPECT_EQ(taken.jobs.size(), 1u);
        return taken.jobs.empty() ? queue::lease{} : taken.jobs.front().held;
    }
    bool end(const queue::lease& held, outcome::kind as = outcome::kind::completed, std::string result = {},
             std::string reason = {}) {
        const auto recorded = loop.get(stored->finish(
            {{.held = held, .as = as, .result = std::move(result), .reason = std::move(reason), .at = time.wall()}}));
        turn();
        return recorded.front();
    }
    /// `completed a`
    lines heard(test_client& by) {
        turn();
        lines out;
        for (const auto& each : by.heard())
            out.push_back(each.type == "job" ? text_at(each, "event") + " " + text_at(each, "id") : each.type);
        return out;
    }

    std::shared_ptr<queue::memory_backend> stored = queue::make_memory_backend();
};

TEST_F(JobFeed, SaysWhatBecameOfAJob) {
    const auto at = make_hub();
    const auto anna = listener(at, "jobs");
    begin(publish_jobs(at, "jobs", jobs(), "mail"));
    add("a");
    const auto held = take(stored);
    EXPECT_TRUE(heard(*anna).empty()) << "it is not over yet";
    EXPECT_TRUE(end(held, outcome::kind::completed, R"({"secret":1})"));
    const auto said = anna->heard("job");
    ASSERT_EQ(said.size(), 1u);
    EXPECT_EQ(text_at(said[0], "event"), "completed");
    EXPECT_EQ(text_at(said[0], "queue"), "mail");
    EXPECT_EQ(text_at(said[0], "id"), "a");
    EXPECT_TRUE(text_at(said[0], "at").ends_with("Z"));
    EXPECT_FALSE(said[0].data.as_object().contains("data")) << "unless that is asked for";
}

TEST_F(JobFeed, SaysNothingOfAnOutcomeThatWasNotRecorded) {
    const auto at = make_hub();
    const auto anna = listener(at, "jobs");
    begin(publish_jobs(at, "jobs", jobs(), "mail"));
    add("a");
    const auto slow = take(stored);
    time.advance(1min);
    const auto second = take(stored);
    EXPECT_FALSE(end(slow));
    EXPECT_TRUE(heard(*anna).empty()) << "another has it";
    EXPECT_TRUE(end(second));
    EXPECT_EQ(heard(*anna), lines{"completed a"});
}

TEST_F(JobFeed, SaysWhatAnotherProcessHasDone) {
    const auto at = make_hub();
    const auto anna = listener(at, "jobs");
    begin(publish_jobs(at, "jobs", jobs(), "mail"));
    const auto elsewhere = stored->open_again();
    add("a");
    const auto held = take(elsewhere);
    loop.get(elsewhere->finish({{.held = held, .as = outcome::kind::failed, .reason = "no", .at = time.wall()}}));
    EXPECT_EQ(heard(*anna), lines{"failed a"});
}

TEST_F(JobFeed, SaysEachOnTheChannelThatWaitsForIt) {
    const auto at = make_hub();
    const auto anna = listener(at, "job:a"), ben = listener(at, "job:b");
    const auto channel_of = [](const job_event& e) { return e.id == "c" ? "" : e.id == "d" ? "\n" : "job:" + e.id; };
    begin(publish_jobs(at, "jobs", jobs(), "mail", {.channel_of = channel_of}));
    for (const auto* id : {"a", "b", "c", "d"}) {
        add(id);
        EXPECT_TRUE(end(take(stored)));
    }
    EXPECT_EQ(heard(*anna), lines{"completed a"});
    EXPECT_EQ(heard(*ben), lines{"completed b"});
    EXPECT_EQ(at.list_channels().size(), 2u);
}

TEST_F(JobFeed, SaysOnlyTheKindsThatWereAskedForAndTheirDataToo) {
    const auto at = make_hub();
    const auto anna = listener(at, "jobs");
    begin(publish_jobs(
        at, "jobs", jobs(), "mail",
        {.kinds = {job_event::kind::added, job_event::kind::failed, job_event::kind::completed}, .with_data = true}));
    add("a");
    end(take(stored), outcome::kind::completed, R"({"sent":3})");
    add("b");
    end(take(stored), outcome::kind::failed, {}, "no such\xff address");
    const auto said = anna->heard("job");
    ASSERT_EQ(said.size(), 4u);
    EXPECT_EQ(text_at(said[0], "event"), "added");
    EXPECT_EQ(text_at(said[1], "data"), R"({"sent":3})");
    EXPECT_EQ(text_at(said[3], "data"), "no such\xef\xbf\xbd address");
}

TEST_F(JobFeed, IsSaidOnceByAllTheNodesThatFollowTheQueue) {
    joined_brokers between;
    std::vector<hub> hubs;
    for (int n = 0; n < 2; ++n) {
        auto options = open_options();
        options.broker = between.node();
        hubs.push_back(make_hub(options));
        begin(hubs.back().run());
        begin(publish_jobs(hubs.back(), "jobs", jobs(), "mail"));
    }
    const auto anna = listener(hubs[0], "jobs"), ben = listener(hubs[1], "jobs");
    add("a");
    end(take(stored));
    EXPECT_EQ(heard(*anna), lines{"completed a"});
    EXPECT_EQ(heard(*ben), lines{"completed a"});
    for (auto& each : hubs)
        loop.wait(each.stop());
}

TEST_F(JobFeed, IsSaidOfEachStorageWhereTheNodesHaveOneOfTheirOwn) {
    joined_brokers between;
    std::vector<hub> hubs;
    std::vector<std::shared_ptr<queue::memory_backend>> storages{queue::make_memory_backend(),
                                                                 queue::make_memory_backend()};
    for (const auto& each : storages) {
        auto options = open_options();
        options.broker = between.node();
        hubs.push_back(make_hub(options));
        begin(hubs.back().run());
        stored = each;
        begin(publish_jobs(hubs.back(), "jobs", jobs(), "mail"));
    }
    const auto anna = listener(hubs[0], "jobs");
    for (const auto& each : storages) {
        stored = each;
        add("a");
        end(take(stored));
        time.advance(1ms);
    }
    EXPECT_EQ(heard(*anna), (lines{"completed a", "completed a"}));
    for (auto& each : hubs)
        loop.wait(each.stop());
}

TEST_F(JobFeed, TellsOfWhatItMissed) {
    const auto at = make_hub();
    const auto anna = listener(at, "jobs");
    begin(publish_jobs(at, "jobs", jobs(), "mail"));
    add("a");
    const auto held = take(stored);
    loop.get(stored->tell(std::vector<queue::note>(queue::max_events + 1, {.held = held, .progress = "1"}))); // at once
    EXPECT_EQ(heard(*anna), lines{"jobs_missed"});
}

TEST_F(JobFeed, EndsWhenItsQueueIsStopped) {
    const auto at = make_hub();
    const auto ended = begin(publish_jobs(at, "jobs", jobs(), "mail"));
    EXPECT_FALSE(ended->done());
    loop.wait(stored->stop(deadline::after(1s)));
    turn();
    pass(1min);
    ASSERT_TRUE(ended->done());
    EXPECT_FALSE(ended->failure) << ended->what();
}

TEST(JobFeedTrouble, IsWaitedForUnlessItIsFinal) {
    const auto judged = [](boost::system::error_code code) {
        return judge(std::make_exception_ptr(error(code, "as it happens")));
    };
    EXPECT_EQ(judged(queue::errc::unavailable), trouble::passes);
    EXPECT_EQ(judged(infra::errc::overloaded), trouble::passes);
    EXPECT_EQ(judged(infra::errc::closed), trouble::ends_it);
    EXPECT_EQ(judged(queue::errc::corrupt), trouble::is_for_the_caller);
    EXPECT_EQ(judged(asio::error::operation_aborted), trouble::is_for_the_caller);
}

TEST_F(JobFeed, RefusesWhatIsNoName) {
    const auto at = make_hub();
    EXPECT_THROW(static_cast<void>(publish_jobs(at, "", jobs(), "mail")), std::invalid_argument);
    EXPECT_THROW(loop.wait(publish_jobs(at, "jobs", jobs(), "")), std::invalid_argument);
}

} // namespace
} // namespace infra::realtime::feeds
