// Jobs that wait for others, and groups: what the docs show, run with the test kit.

#include "support.hpp"

#include <infra/queue.hpp>
#include <infra/queue/flow.hpp>
#include <infra/testing/inline_queue.hpp>

#include <gtest/gtest.h>

namespace api {
namespace {

using namespace std::chrono_literals;

// [jobs]
struct photo {
    std::string file;
};
BOOST_DESCRIBE_STRUCT(photo, (), (file))

struct album {
    std::string title;
};
BOOST_DESCRIBE_STRUCT(album, (), (title))

struct album_jobs {
    infra::queue::job<photo> resize = infra::queue::define_job<photo>({
        .name = "resize",
        .handler = [](photo p) { return p.file + ".small"; },
    });
    infra::queue::job<album> bind = infra::queue::define_job<album>({
        .name = "bind",
        .handler = [](album a, infra::queue::job_context& c) -> infra::awaitable<std::string> {
            for (const auto& page : co_await c.children_values<std::string>()) // what each resize returned
                a.title += " " + page;
            co_return a.title;
        },
    });
    infra::queue::job<infra::json::value> announce = infra::queue::define_job({
        .name = "announce",
        .handler = [](infra::json::value, infra::queue::job_context& c) -> infra::awaitable<std::string> {
            co_return "read: " + co_await c.previous<std::string>(); // what the step before it returned
        },
    });
    infra::queue::job<infra::json::value> report = infra::queue::define_job({
        .name = "report",
        .handler = [](infra::json::value, infra::queue::job_context& c) -> infra::awaitable<std::size_t> {
            co_return (co_await c.count_children()).failed;
        },
    });
};
// [/jobs]

// [flow]
infra::awaitable<infra::queue::job_id> publish(album_jobs jobs) {
    using namespace infra::queue;
    auto bound = flow(jobs.bind, {.title = "Rome"})
                     .child(flow(jobs.resize, {.file = "1.jpg"}))
                     .child(flow(jobs.resize, {.file = "2.jpg"}, {.attempts = 3}), child_failure::ignore);
    co_return co_await enqueue_flow(chain(std::move(bound), flow(jobs.announce))); // all of it, or nothing
}
// [/flow]

// [batch]
infra::awaitable<infra::queue::job_id> resize_all(album_jobs jobs, std::vector<photo> photos) {
    using namespace infra::queue;
    std::vector<flow> each;
    for (const auto& p : photos)
        each.push_back(flow(jobs.resize, p));
    co_return co_await enqueue_flow(batch(std::move(each)).on_complete(jobs.report)); // also if some have failed
}
// [/batch]

// [groups]
infra::awaitable<void> resize_for(album_jobs jobs, std::string tenant) {
    using namespace infra::queue;
    co_await enqueue(jobs.resize, {.file = "3.jpg"}, {.group = tenant}); // no tenant delays another by more than a turn
    co_await default_queue().set_group_limits("resize", {.concurrency = 2, .rate = {.max = 100, .duration = 1min}});
}
// [/groups]

class ApiFlow : public testing::Test {
protected:
    ApiFlow() { infra::queue::set_default_queue(work.jobs()); }
    ~ApiFlow() override { infra::queue::default_registry()->clear(); }

    std::string result_of(const infra::queue::job_id& id) {
        return infra::wait(work.jobs().find_job(id)).value().result;
    }

    album_jobs jobs = (infra::queue::default_registry()->clear(), album_jobs());
    infra::testing::inline_queue work;
};

TEST_F(ApiFlow, RunsFromBelowAndHandsOnWhatEachStepReturned) {
    const auto id = infra::wait(publish(jobs));
    EXPECT_EQ(work.enqueued().size(), 4U);
    EXPECT_TRUE(work.run_due().all_completed());
    EXPECT_EQ(result_of(id), R"("read: Rome 1.jpg.small 2.jpg.small")");
}

TEST_F(ApiFlow, ReportsABatch) {
    const auto id = infra::wait(resize_all(jobs, {{"1.jpg"}, {"2.jpg"}}));
    EXPECT_TRUE(work.run_due().all_completed());
    EXPECT_EQ(result_of(id), "0");
}

TEST_F(ApiFlow, LimitsGroups) {
    infra::wait(resize_for(jobs, "acme"));
    EXPECT_EQ(work.enqueued().at(0).group, "acme");
    EXPECT_EQ(infra::wait(work.jobs().settings("resize")).per_group.concurrency, 2U);
}

} // namespace
} // namespace api
