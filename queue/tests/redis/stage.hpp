#pragma once

// A redis-server on which our scripts play the scenes that BullMQ has played, to leave the same keys.

#include "src/redis/add_jobs.hpp"
#include "src/redis/work.hpp"
#include "tests/redis/wire.hpp"
#include "tests/support.hpp"

#include <infra/testing/redis_server.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::queue::redis_backend::tests {

/// A job as BullMQ's add has it without options: everything is kept, and there is one attempt.
new_job plain_job(std::string name, std::string data = "{}");

class on_a_stage : public ::testing::Test {
protected:
    void SetUp() override;

    redis::reply ask(redis::command c);

    /// Throws why they were refused.
    std::vector<added_job> add(const std::vector<new_job>& jobs);
    group_added add_group(const job_group& group);
    added_job add(const new_job& job) { return add(std::vector{job}).front(); }

    work_done work(work_request request);
    std::vector<stored_job> take(std::size_t most);
    stored_job take_one();
    /// Ends one, taking no other; false if its lock was not there.
    bool end(const stored_job& job, outcome::kind as, std::string text = {}, outcome more = {});

    /// Puts there what BullMQ left at the end of a scene, but for its events.
    void restore(const scene& s);

    /// Every key, each {type, value}.
    json::object left();
    /// What we left is what BullMQ left, but for what only one of both writes: its own version, and our fields.
    void expect_left_as_in(std::string_view scene_name, const std::vector<std::string>& but_for = {});

    json::value value_of(const std::string& key, std::string_view type);
    std::vector<std::string> line(std::string_view list);
    std::vector<std::string> events();

    std::optional<testing::redis_server> server;
    queue::tests::test_loop loop;
    std::optional<redis::client> client;
    queue_keys mail{"bull", "mail"};
    wall_time now = queue::tests::t0;
};

/// With a backend of ours on the server, on the test's loop.
class backend_on_a_stage : public on_a_stage {
protected:
    void SetUp() override;
    void TearDown() override;

    std::shared_ptr<backend> stored;
};

} // namespace infra::queue::redis_backend::tests
