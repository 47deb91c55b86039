#include "src/queue_shown.hpp"

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

queue_report report() {
    return {.counts = {.queue = "mail", .waiting = 2, .failed = 1, .paused = true},
            .settings = {.queue = "mail", .paused = true, .rate = {.max = 100, .duration = 1s}},
            .oldest_waiting = t0,
            .last_hour = {{t0, 3, 1}, {t0 + 1min, 2, 0}},
            .workers = {{.name = "host:1:ab", .queues = {"mail", "photos"}, .since = t0 + 5s}}};
}

TEST(QueueReport, IsTold) {
    EXPECT_EQ(text_of(report(), t0 + 65s),
              "queue      mail (paused)\nwaiting    2, the oldest for 1m 5s\ndelayed    0\n"
              "active     0\ncompleted  0 kept\nfailed     1 kept\nworkers    1: host:1:ab for 1m\n"
              "last hour  5 completed, 1 failed\nrate       100 in 1s");
    EXPECT_EQ(text_of(std::vector{report()}), "QUEUE  WAITING  DELAYED  ACTIVE  COMPLETED  FAILED\n"
                                              "mail   2        0        0       0          1       paused");
    const auto document = document_of(report());
    EXPECT_EQ(document.at("oldest_waiting").as_string(), "2026-01-01T00:00:00.000Z");
    EXPECT_EQ(document.at("last_hour").at("completed").as_uint64(), 5u);
    EXPECT_EQ(document.at("rate_duration_ms").as_int64(), 1000);
    EXPECT_EQ(json::to_text(document.at("workers")),
              R"([{"name":"host:1:ab","queues":["mail","photos"],"since":"2026-01-01T00:00:05.000Z"}])");
}

TEST(QueueReport, SaysSoWhenNobodyIsThereAndNotMoreThanFitsALine) {
    auto one = report();
    one.workers.clear();
    EXPECT_NE(text_of(one, t0).find("\nworkers    none\n"), std::string::npos);
    one.workers.resize(12, {.name = "w", .since = t0});
    const auto text = text_of(one, t0);
    std::string line = "workers    12: w for 0ms";
    for (int i = 1; i < 10; ++i)
        line += ", w for 0ms";
    EXPECT_NE(text.find(line + ", …\n"), std::string::npos) << text;
}

TEST(JobInfo, IsToldWithoutTimesThatNobodyWroteDown) {
    const queue::job_info job{.id = "7", .created_at = t0, .errors = {{1, {}, "first"}}};
    const std::vector<queue::log_line> log{{{}, "half way"}};
    const auto text = text_of(job, {}, log);
    EXPECT_NE(text.find("\nerror 1   first\nlog       half way"), std::string::npos) << text;
    EXPECT_TRUE(document_of(job).at("errors").at(0).at("at").is_null());
    EXPECT_TRUE(document_of(log).at(0).at("at").is_null());
}

TEST(JobInfo, IsTold) {
    const queue::job_info job{.queue = "mail",
                              .id = "7",
                              .name = "welcome",
                              .state = queue::job_state::failed,
                              .data = "{\"to\":\"a\"}",
                              .failed_reason = "exit code 1",
                              .attempts_made = 2,
                              .created_at = t0,
                              .options = {.attempts = 2},
                              .errors = {{1, t0, "first"}, {2, t0 + 1s, "exit code 1"}}};
    EXPECT_EQ(text_of(std::vector{job}, t0 + 2h),
              "ID  NAME     STATE   AGE  ATTEMPTS  REASON\n7   welcome  failed  2h   2/2       exit code 1");
    EXPECT_EQ(text_of(job, {}, {{t0, "half way"}}),
              "id        7\nqueue     mail\nname      welcome\nstate     failed\nattempts  2 of 2\n"
              "created   2026-01-01T00:00:00Z\ndata      {\"to\":\"a\"}\nreason    exit code 1\n"
              "error 1   2026-01-01T00:00:00Z  first\nerror 2   2026-01-01T00:00:01Z  exit code 1\n"
              "log       2026-01-01T00:00:00Z  half way");
    const auto document = document_of(job);
    EXPECT_EQ(document.at("data").at("to").as_string(), "a");
    EXPECT_TRUE(document.at("result").is_null());
    EXPECT_EQ(document.at("errors").at(1).at("attempt").as_int64(), 2);
    EXPECT_EQ(document.at("state").as_string(), "failed");
}

TEST(JobInfo, TellsWhoRunsIt) {
    const queue::job_info waiting{.id = "7", .name = "welcome", .created_at = t0};
    queue::job_info active{.id = "8", .name = "welcome", .state = queue::job_state::active, .created_at = t0};
    active.worker = "mill:4711:0f0f0f0f";
    EXPECT_EQ(text_of(std::vector{waiting, active}, t0 + 2h),
              "ID  NAME     STATE    AGE  ATTEMPTS  WORKER              REASON\n"
              "7   welcome  waiting  2h   0/1\n"
              "8   welcome  active   2h   0/1       mill:4711:0f0f0f0f");
    EXPECT_NE(text_of(active, {}, {}).find("\nworker    mill:4711:0f0f0f0f"), std::string::npos)
        << text_of(active, {}, {});
    EXPECT_EQ(document_of(active).at("worker").as_string(), "mill:4711:0f0f0f0f");
}

TEST(JobInfo, TellsOfItsFamily) {
    const queue::job_info job{.queue = "mail",
                              .id = "7",
                              .name = "bind",
                              .state = queue::job_state::waiting_children,
                              .data = "1",
                              .created_at = t0,
                              .group = "acme",
                              .parent = queue::job_key{"albums", "3"},
                              .children = {.pending = 1, .failed = 1}};
    const std::vector<queue::child_info> children{
        {.job = {"mail", "8"}}, {.job = {"mail", "9"}, .state = queue::child_state::failed, .failed_reason = "no use"}};
    EXPECT_EQ(text_of(job, {.children = children, .next = "9"}, {}),
              "id        7\nqueue     mail\nname      bind\nstate     waiting_children\nattempts  0 of 1\n"
              "created   2026-01-01T00:00:00Z\ngroup     acme\nchild of  albums:3\n"
              "children  1 pending, 0 completed, 1 failed\ndata      1\n"
              "child     mail:8  pending\nchild     mail:9  failed  no use\nchild     …");
    EXPECT_EQ(document_of(job).at("parent").at("id").as_string(), "3");
    EXPECT_TRUE(document_of(queue::job_info()).at("parent").is_null());
    EXPECT_EQ(document_of(children).at(1).at("failed_reason").as_string(), "no use");
}

TEST(JobEvent, IsALine) {
    const queue::job_event event{.number = 3,
                                 .what = queue::job_event::kind::completed,
                                 .queue = "mail",
                                 .id = "7",
                                 .at = t0,
                                 .data = "{\"ok\":\n1}"};
    EXPECT_EQ(text_of(event), "2026-01-01T00:00:00Z  completed  7  {\"ok\":?1}");
    EXPECT_EQ(document_of(event).at("event").as_string(), "completed");
}

TEST(CronJob, IsTold) {
    const queue::cron_job job{.queue = "reports",
                              .name = "daily",
                              .when = {.pattern = "0 6 * * *", .tz = "Europe/Berlin"},
                              .runs = 4,
                              .next = t0 + 5h,
                              .orphaned = true};
    EXPECT_EQ(text_of(std::vector{job}),
              "QUEUE    NAME   WHEN                     NEXT                  LAST  RUNS\n"
              "reports  daily  0 6 * * * Europe/Berlin  2026-01-01T05:00:00Z        4     orphaned");
    EXPECT_EQ(text_of(queue::schedule{.every = 5min}), "every 5m");
    EXPECT_TRUE(document_of(job).at("orphaned").as_bool());
    EXPECT_TRUE(document_of(job).at("last").is_null());
    EXPECT_TRUE(document_of(job).at("paused_since").is_null());
    queue::cron_job paused{.queue = "reports", .name = "daily", .when = {.every = 5min}, .paused_since = t0};
    EXPECT_EQ(text_of(std::vector{paused}), "QUEUE    NAME   WHEN      NEXT    LAST  RUNS\n"
                                            "reports  daily  every 5m  paused        0");
    EXPECT_EQ(document_of(paused).at("paused_since").as_string(), "2026-01-01T00:00:00.000Z");
}

} // namespace
} // namespace infra::cli
