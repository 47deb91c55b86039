// What groups are for: many jobs of one, few of another.

#include "support.hpp"

namespace infra::queue::tests {
namespace {

class SqliteGroups : public ::testing::Test {
protected:
    ~SqliteGroups() override {
        loop.code_of(stored->stop(deadline::after(30s)));
        expect_sound(options.file);
    }

    void add(const std::string& group, std::size_t number) {
        constexpr std::size_t at_once = 5000;
        for (std::size_t added = 0; added < number; added += at_once) {
            std::vector<new_job> jobs(std::min(at_once, number - added), make_job(""));
            for (auto& each : jobs)
                each.group = group;
            loop.await(stored->enqueue(std::move(jobs)));
        }
    }

    std::vector<std::string> groups_of(const claim_result& taken) {
        std::vector<job_key> keys;
        for (const auto& each : taken.jobs)
            keys.push_back(each.held.job);
        std::vector<std::string> groups;
        for (const auto& each : loop.await(stored->get(std::move(keys))))
            groups.push_back(each.value().group);
        return groups;
    }

    claim_result claim(std::size_t max) {
        return loop.await(stored->claim({.queues = {"mail"}, .max = max, .worker = "w", .now = t0}));
    }

    temporary_folder folder;
    sqlite_options options{.file = folder / "queue.db", .durability = durability::normal};
    test_loop loop;
    std::shared_ptr<backend> stored = make_sqlite_backend(options);
};

TEST_F(SqliteGroups, ManyJobsOfOneDelayNoOtherByMoreThanATurn) {
    add("big", 100'000);
    claim(7);
    add("small", 2);
    add("other", 1);
    EXPECT_EQ(groups_of(claim(6)), (std::vector<std::string>{"big", "small", "other", "big", "small", "big"}));
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_waiting"), "1"); // the one that stands in line
}

TEST_F(SqliteGroups, LeaveNothingBehind) {
    add("a", 3);
    add("b", 2);
    std::vector<outcome> outcomes;
    for (const auto& each : claim(10).jobs)
        outcomes.push_back({.held = each.held, .at = t0, .keep = {.count = 0}});
    loop.await(stored->finish(std::move(outcomes)));
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_groups"), "0");
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_grouped"), "0");
    EXPECT_EQ(ask(options.file, "SELECT count(*) FROM infra_waiting"), "0");
}

// Who asked for new limits is gone before all groups have heard of them: who claims goes on with it.
TEST_F(SqliteGroups, HearOfNewLimitsAlsoFromWhoClaims) {
    std::vector<new_job> jobs(3000, make_job(""));
    for (std::size_t i = 0; i < jobs.size(); ++i)
        jobs[i].group = "g" + std::to_string(i / 2);
    loop.await(stored->enqueue(std::move(jobs)));
    loop.await(stored->configure({.queue = "mail", .per_group = group_limits{.concurrency = 1}, .now = t0}));
    EXPECT_EQ(claim(5000).jobs.size(), 1500u);
    ask(options.file, "UPDATE infra_queues SET unsettled_after = '', unsettled_windows = 1, group_concurrency = 0");
    EXPECT_EQ(claim(5000).jobs.size(), 1000u); // so many groups have heard of them
    EXPECT_EQ(claim(5000).jobs.size(), 500u);
    EXPECT_EQ(ask(options.file, "SELECT unsettled_after FROM infra_queues"), "none");
}

} // namespace
} // namespace infra::queue::tests
