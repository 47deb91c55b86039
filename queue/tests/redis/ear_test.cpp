// How events and ends are heard on Redis, by whoever they were told.

#include "tests/redis/stage.hpp"

#include <infra/queue/redis.hpp>

#include <algorithm>

namespace infra::queue::redis_backend::tests {
namespace {

using namespace std::chrono_literals;
using infra::queue::tests::pending;
using infra::queue::tests::t0;

class QueueRedisEar : public backend_on_a_stage {
protected:
    std::string from_now_on(const std::string& queue = "mail") {
        return loop.await(stored->events({.queue = queue, .now = now})).next;
    }
    std::shared_ptr<pending<events_page>> follow(std::string cursor, std::string queue = "mail") {
        return loop.start(stored->events({.queue = std::move(queue), .cursor = std::move(cursor), .now = now}));
    }
    std::shared_ptr<pending<std::optional<job_info>>> wait_for(job_id id) {
        return loop.start(stored->wait_for_end({"mail", std::move(id)}));
    }
    void tell(std::string_view event, std::string_view id, std::string_view field = "x", std::string_view value = "") {
        ask({"XADD", "bull:mail:events", "*", "event", event, "jobId", id, field, value});
    }

    /// The ids of the connections that are blocked for streams.
    std::vector<std::string> ears() {
        std::vector<std::string> found;
        const auto all = redis::to<std::string>(ask({"CLIENT", "LIST"}));
        for (std::size_t from = 0; from < all.size();) {
            const auto end = all.find('\n', from);
            const auto line = all.substr(from, end - from);
            if (line.find("cmd=xread") != line.npos && line.find("flags=b") != line.npos)
                found.push_back(line.substr(3, line.find(' ') - 3));
            from = end + 1;
        }
        return found;
    }
    bool is_blocked() {
        return loop.until([&] { return !ears().empty(); });
    }
    template <class T>
    bool ended(const std::shared_ptr<pending<T>>& what) {
        return loop.until([&] { return what->ended; });
    }
};

TEST_F(QueueRedisEar, IsOneConnectionForAllWhoWait) {
    add({plain_job("a"), plain_job("b")});
    const auto first = wait_for("1"), second = wait_for("2"), again = wait_for("1");
    const auto events = follow(from_now_on());
    const auto other = follow(from_now_on("images"), "images");
    ASSERT_TRUE(is_blocked());
    loop.settle();
    EXPECT_EQ(ears().size(), 1u);
    ask({"XADD", "bull:images:events", "*", "event", "paused"});
    ASSERT_TRUE(ended(other));
    EXPECT_EQ(other->value->events.at(0).what, job_event::kind::paused);
    end(take_one(), outcome::kind::completed, "1");
    ASSERT_TRUE(ended(first) && ended(again) && ended(events));
    EXPECT_FALSE(second->ended);
    EXPECT_EQ((*first->value)->result, "1");
    end(take_one(), outcome::kind::failed, "no");
    ASSERT_TRUE(ended(second));
    EXPECT_EQ((*second->value)->failed_reason, "no");
}

TEST_F(QueueRedisEar, GoesOnWhereItWasWhenItsConnectionWasLost) {
    add(plain_job("a"));
    const auto end_of_it = wait_for("1");
    ASSERT_TRUE(is_blocked());
    for (const auto& id : ears())
        ask({"CLIENT", "KILL", "ID", id});
    end(take_one(), outcome::kind::completed, "7", {.keep = {.count = 0}});
    ASSERT_TRUE(ended(end_of_it));
    EXPECT_EQ((*end_of_it->value)->result, "7");
}

TEST_F(QueueRedisEar, TellsOfAJobOfWhichNothingWasKeptWhatTheEventSays) {
    add(plain_job("a"));
    const auto completed = wait_for("1");
    ASSERT_TRUE(is_blocked());
    ask({"DEL", "bull:mail:1"});
    tell("completed", "1", "returnvalue", R"({"ok":true})");
    ASSERT_TRUE(ended(completed));
    EXPECT_EQ((*completed->value)->state, job_state::completed);
    EXPECT_EQ((*completed->value)->result, R"({"ok":true})");
    EXPECT_EQ((*completed->value)->name, "a");
    EXPECT_TRUE((*completed->value)->finished_at);
}

TEST_F(QueueRedisEar, TakesNoEndForOneThatCameBefore) {
    add(plain_job("a"));
    const auto other = follow(from_now_on()); // so that the queue is heard before the second begins to wait
    ASSERT_TRUE(is_blocked());
    tell("failed", "1", "failedReason", "an earlier life");
    ASSERT_TRUE(ended(other));
    const auto waiting = wait_for("1");
    ASSERT_TRUE(is_blocked());
    tell("progress", "1", "data", "1");
    loop.settle();
    EXPECT_FALSE(waiting->ended);
    end(take_one(), outcome::kind::completed, "2");
    ASSERT_TRUE(ended(waiting));
    EXPECT_EQ((*waiting->value)->result, "2");
}

TEST_F(QueueRedisEar, LooksAgainWhenManyWereClearedAway) {
    add(plain_job("a"));
    const auto waiting = wait_for("1");
    ASSERT_TRUE(is_blocked());
    ask({"DEL", "bull:mail:1"});
    ask({"XADD", "bull:mail:events", "*", "event", "cleaned", "count", "1"});
    ASSERT_TRUE(ended(waiting));
    EXPECT_FALSE(*waiting->value);
}

TEST_F(QueueRedisEar, PassesOverWhatIsNothingToTell) {
    const auto waiting = follow(from_now_on());
    ASSERT_TRUE(is_blocked());
    tell("drained", "");
    tell("somebody's own", "1");
    tell("waiting", "1");
    tell("completed", "1", "returnvalue", "null");
    ASSERT_TRUE(ended(waiting));
    ASSERT_EQ(waiting->value->events.size(), 1u);
    EXPECT_EQ(waiting->value->events[0].what, job_event::kind::completed);
    EXPECT_EQ(waiting->value->events[0].data, "");
}

TEST_F(QueueRedisEar, FallsSilentWhenNobodyListens) {
    {
        auto brief = make_redis_backend({.server = {.socket_path = server->socket()}, .look_every = 10ms},
                                        {loop.get_executor()});
        add(plain_job("a"));
        const auto waiting = loop.start(brief->wait_for_end({"mail", "1"}));
        ASSERT_TRUE(is_blocked());
        end(take_one(), outcome::kind::completed, "2");
        ASSERT_TRUE(ended(waiting));
        EXPECT_TRUE(loop.until([&] { return ears().empty(); }));
        loop.await(brief->stop(deadline::after(30s)));
    }
}

TEST_F(QueueRedisEar, SaysWhenTheStreamWasForgotten) {
    tell("paused", "");
    const auto cursor = from_now_on();
    ask({"DEL", "bull:mail:events"});
    ask({"XADD", "bull:mail:events", "9999999999999-0", "event",
         "resumed"}); // behind what there was, whatever the clock says
    const auto page = loop.await(stored->events({.queue = "mail", .cursor = cursor, .now = now}));
    EXPECT_TRUE(page.missed);
    EXPECT_EQ(page.events.size(), 1u);
    const auto next = loop.start(stored->events({.queue = "mail", .cursor = page.next, .now = now}));
    tell("paused", "");
    ASSERT_TRUE(ended(next));
    EXPECT_FALSE(next->value->missed);
}

} // namespace
} // namespace infra::queue::redis_backend::tests
