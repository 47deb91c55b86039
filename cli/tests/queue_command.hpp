#pragma once

// `infra queue` and `infra cron` on each storage that a queue may have.
//
//     struct QueueErrors : queue_command {};
//     INSTANTIATE_TEST_SUITE_P(On, QueueErrors, queue_storages(), name_of_storage);

#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/queue/memory.hpp>
#include <infra/queue/queue.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace infra::cli {

/// The command line on a queue in memory, which each command opens as another process would, on SQLite and on Redis.
struct queue_command : ::testing::TestWithParam<const char*> {
    queue_command() {
        if (std::string_view(GetParam()) == "memory") {
            queue::register_backend("given", [m = memory](std::string_view) { return m->open_again(); });
            url = "given:";
        } else if (std::string_view(GetParam()) == "redis") {
            if (!testing::redis_server::installed())
                return;
            url = server.emplace().url();
        } else {
            url = "sqlite:" + folder.path() + "/queue.db?durability=normal";
        }
        jobs.emplace(queue::make_backend(url));
        wait(jobs->counts()); // so that the file is there
    }
    ~queue_command() override {
        if (jobs)
            wait(jobs->stop(deadline::after(std::chrono::seconds(5))));
    }
    void SetUp() override {
        if (!jobs)
            GTEST_SKIP() << testing::redis_server::how_to_install;
    }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        const int code = run(std::move(words), to, problems);
        out = to.str();
        err = problems.str();
        return code;
    }
    int run(std::vector<std::string> words, std::ostream& to, std::ostream& problems) const {
        frame f(to, problems);
        add_queue(f);
        add_cron(f);
        words.insert(words.end(), {"--url", url});
        return f.run(std::move(words));
    }

    queue::job_id add(const json::value& data = 1, queue::enqueue_options how = {}) {
        return wait(jobs->enqueue("mail", data, std::move(how)));
    }
    queue::job_info info(queue::job_id id) { return wait(jobs->find_job(std::move(id))).value_or(queue::job_info()); }
    queue::queue_counts counts() { return wait(jobs->counts({"mail"})).at(0); }

    /// Runs a command for all that waits.
    int work(const std::string& command) { return run({"queue", "work", "mail", "--exec", command, "--drain"}); }

    testing::temporary_folder folder;
    std::shared_ptr<queue::memory_backend> memory = queue::make_memory_backend();
    std::optional<testing::redis_server> server;
    std::string url;
    std::optional<queue::queue> jobs;
    std::string out, err;
};

inline auto queue_storages() { return ::testing::Values("memory", "sqlite", "redis"); }
inline std::string name_of_storage(const ::testing::TestParamInfo<const char*>& each) { return each.param; }

} // namespace infra::cli
