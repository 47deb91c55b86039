#include "src/queue_session.hpp"

#include "tests/queue_command.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <future>
#include <iostream>
#include <sstream>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

struct QueueCommand : queue_command {};

INSTANTIATE_TEST_SUITE_P(On, QueueCommand, queue_storages(), name_of_storage);

// --- add ----------------------------------------------------------------------------------------------------------

TEST_P(QueueCommand, AddsAJob) {
    ASSERT_EQ(run({"queue", "add", "mail", "{\"to\":\"a\"}", "--name", "welcome", "--attempts", "3"}), 0) << err;
    const auto job = info(out.substr(0, out.size() - 1));
    EXPECT_EQ(job.queue, "mail");
    EXPECT_EQ(job.name, "welcome");
    EXPECT_EQ(job.data, "{\"to\":\"a\"}");
    EXPECT_EQ(job.options.attempts, 3);
    EXPECT_EQ(run({"queue", "add", "mail", "1", "--id", "only-one", "--delay", "1h", "--json"}), 0);
    EXPECT_EQ(out, "{\"id\":\"only-one\"}\n");
    EXPECT_EQ(info("only-one").state, queue::job_state::delayed);
    ASSERT_EQ(run({"queue", "add", "mail", "[1, 2]"}), 0) << err;
    EXPECT_EQ(info(out.substr(0, out.size() - 1)).data, "[1,2]");
}

TEST_P(QueueCommand, RefusesWhatIsNoJob) {
    EXPECT_EQ(run({"queue", "add", "mail", "nonsense"}), 2);
    EXPECT_TRUE(err.starts_with("infra: JSON: ")) << err;
    EXPECT_EQ(run({"queue", "add", "mail"}), 2);
    EXPECT_EQ(run({"queue", "add", "mail", "1", "--stdin"}), 2);
    EXPECT_EQ(run({"queue", "add", "a:b", "1"}), 2);
    EXPECT_EQ(run({"queue", "add", "mail", "1", "--delay", "soon"}), 2);
    EXPECT_EQ(run({"queue", "add", "mail", "1", "--attempts", "0"}), 2);
    EXPECT_EQ(counts().waiting, 0u);
}

TEST_P(QueueCommand, AddsAJobForEachLine) {
    std::istringstream in("{\"a\":1}\nnonsense\n2\n");
    auto* const before = std::cin.rdbuf(in.rdbuf());
    const int code = run({"queue", "add", "mail", "--stdin", "--priority", "5"});
    std::cin.rdbuf(before);
    EXPECT_EQ(code, 6);
    EXPECT_EQ(out, "2 added, 1 bad lines left out\n");
    EXPECT_TRUE(err.starts_with("infra: line 2: ")) << err;
    EXPECT_EQ(counts().waiting, 2u);
}

// --- looking ------------------------------------------------------------------------------------------------------

TEST_P(QueueCommand, ListsQueuesAndJobs) {
    EXPECT_EQ(run({"queue", "ls"}), 0);
    EXPECT_EQ(err, "infra: there are no queues yet\n");
    add({{"to", "a"}});
    add({{"to", "b"}}, {.delay = 1h});
    EXPECT_EQ(run({"queue", "ls", "--json"}), 0);
    EXPECT_EQ(out, "{\"queues\":[{\"queue\":\"mail\",\"waiting\":1,\"delayed\":1,\"active\":0,\"completed\":0,"
                   "\"failed\":0,\"waiting_children\":0,\"groups\":0,\"paused\":false}]}\n");
    EXPECT_EQ(run({"queue", "ls", "mail", "--state", "delayed", "--json"}), 0);
    const auto document = json::parse(out).value();
    ASSERT_EQ(document.at("jobs").as_array().size(), 1u);
    EXPECT_EQ(document.at("jobs").at(0).at("data").at("to").as_string(), "b");
    EXPECT_EQ(run({"queue", "ls", "mail", "--limit", "1"}), 0);
    EXPECT_EQ(err, "infra: there may be more; --limit shows them\n");
    EXPECT_EQ(run({"queue", "ls", "mail", "--state", "lost"}), 2);
}

TEST_P(QueueCommand, TellsOfAQueueAndOfAJob) {
    const auto id = add({{"to", "a"}});
    EXPECT_EQ(run({"queue", "stats", "mail"}), 0) << err;
    EXPECT_TRUE(out.starts_with("queue      mail\nwaiting    1, the oldest for ")) << out;
    EXPECT_NE(out.find("workers    none\n"), std::string::npos) << out;
    EXPECT_EQ(run({"queue", "show", id}), 0) << err;
    EXPECT_NE(out.find("data      {\"to\":\"a\"}\n"), std::string::npos) << out;
    EXPECT_EQ(run({"queue", "show", "nobody"}), 3);
    EXPECT_EQ(err, "infra: nothing is known of the job 'nobody'\n");
}

TEST_P(QueueCommand, TellsWhereAQueueIsLookedForThatHasNothing) {
    add({{"to", "a"}});
    const std::string said = "infra: nothing is in the queue 'mial', and nobody works for it; did you mean 'mail'?\n";
    for (const std::string verb : {"ls", "stats", "pause"}) {
        EXPECT_EQ(run({"queue", verb, "mial"}), 0);
        EXPECT_EQ(err, said) << verb;
    }
    EXPECT_EQ(run({"queue", "ls", "mail", "--state", "failed"}), 0);
    EXPECT_EQ(err, "infra: no job of 'mail' fits\n") << "none has failed, which is well";
}

TEST_P(QueueCommand, TellsOfGroups) {
    ASSERT_EQ(run({"queue", "add", "mail", "1", "--group", "acme"}), 0) << err;
    ASSERT_EQ(run({"queue", "add", "mail", "2", "--group", "initech"}), 0) << err;
    EXPECT_EQ(run({"queue", "stats", "mail"}), 0) << err;
    EXPECT_NE(out.find("groups     2\n"), std::string::npos) << out;
    EXPECT_EQ(run({"queue", "ls", "mail", "--group", "acme", "--json"}), 0) << err;
    const auto listed = json::parse(out).value().at("jobs").as_array();
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_EQ(listed[0].at("group").as_string(), "acme");
}

TEST_P(QueueCommand, WatchesWhatHappens) {
    std::ostringstream to, problems;
    auto watching = std::async(std::launch::async,
                               [&] { return run({"queue", "watch", "mail", "--count", "2", "--json"}, to, problems); });
    while (watching.wait_for(10ms) != std::future_status::ready)
        add();
    EXPECT_EQ(watching.get(), 0) << problems.str();
    const auto text = to.str();
    EXPECT_EQ(json::parse(text.substr(0, text.find('\n'))).value().at("event").as_string(), "added");
}

// --- steering and changing ----------------------------------------------------------------------------------------

TEST_P(QueueCommand, PausesAndResumes) {
    EXPECT_EQ(run({"queue", "pause", "mail"}), 0) << err;
    EXPECT_EQ(out, "paused\n");
    EXPECT_TRUE(wait(jobs->settings("mail")).paused);
    EXPECT_EQ(work("cat"), 1) << "it would wait for ever";
    EXPECT_EQ(run({"queue", "resume", "mail", "--json"}), 0);
    EXPECT_EQ(out, "{\"queue\":\"mail\",\"paused\":false}\n");
}

TEST_P(QueueCommand, ShowsAndSetsTheLimitsOfAQueue) {
    add();
    EXPECT_EQ(run({"queue", "limits", "mail"}), 0) << err;
    EXPECT_EQ(out, "concurrency             none\n"
                   "rate                    none\n"
                   "max length              none\n"
                   "concurrency of a group  none\n"
                   "rate of a group         none\n");
    EXPECT_EQ(run({"queue", "limits", "mail", "--concurrency", "4", "--rate", "10/1s", "--max-length", "900"}), 0)
        << err;
    EXPECT_TRUE(
        out.starts_with("concurrency             4\nrate                    10 in 1s\nmax length              900\n"))
        << out;
    EXPECT_EQ(run({"queue", "limits", "mail", "--group-concurrency", "2"}), 0) << err;
    EXPECT_EQ(run({"queue", "limits", "mail", "--group-rate", "5/1m", "--json"}), 0) << err;
    EXPECT_EQ(out, "{\"queue\":\"mail\",\"concurrency\":4,\"rate_max\":10,\"rate_duration_ms\":1000,\"max_length\":900,"
                   "\"group_concurrency\":2,\"group_rate_max\":5,\"group_rate_duration_ms\":60000}\n");
    const queue::queue_settings all{.queue = "mail",
                                    .concurrency = 4,
                                    .rate = {.max = 10, .duration = 1s},
                                    .max_length = 900,
                                    .per_group = {.concurrency = 2, .rate = {.max = 5, .duration = 1min}}};
    EXPECT_EQ(wait(jobs->settings("mail")), all) << "what was not said stays";
}

TEST_P(QueueCommand, TakesLimitsAway) {
    add();
    ASSERT_EQ(run({"queue", "limits", "mail", "--concurrency", "4", "--rate", "10/1s", "--group-rate", "1/1s"}), 0)
        << err;
    EXPECT_EQ(run({"queue", "limits", "mail", "--rate", "none", "--concurrency", "0"}), 0) << err;
    EXPECT_EQ(wait(jobs->settings("mail")).rate.max, 0u);
    EXPECT_EQ(wait(jobs->settings("mail")).concurrency, 0u);
    EXPECT_EQ(wait(jobs->settings("mail")).per_group.rate.max, 1u);
    EXPECT_EQ(run({"queue", "limits", "mail", "--none"}), 0) << err;
    EXPECT_EQ(wait(jobs->settings("mail")), queue::queue_settings{.queue = "mail"});
}

TEST_P(QueueCommand, SetsNoLimitWhereOneOfThemCannotBeRead) {
    add();
    EXPECT_EQ(run({"queue", "limits", "mail", "--concurrency", "4", "--rate", "often"}), 2);
    EXPECT_EQ(err, "infra: --rate: expected how many within which time, such as 10/1s, or none\n");
    EXPECT_EQ(run({"queue", "limits", "mail", "--none", "--concurrency", "4"}), 2);
    EXPECT_EQ(run({"queue", "limits", "mail", "--max-length", "-1"}), 2);
    EXPECT_EQ(wait(jobs->settings("mail")), queue::queue_settings{.queue = "mail"});
    EXPECT_EQ(run({"queue", "limits", "mial"}), 0);
    EXPECT_NE(err.find("did you mean 'mail'?"), std::string::npos) << err;
}

TEST_P(QueueCommand, DrainsAndCleans) {
    add();
    add(2, {.delay = 1h});
    EXPECT_EQ(run({"queue", "drain", "mail"}), 0) << err;
    EXPECT_EQ(out, "1 removed\n");
    EXPECT_EQ(counts().delayed, 1u);
    EXPECT_EQ(run({"queue", "clean", "mail", "delayed", "--older-than", "1h"}), 0);
    EXPECT_EQ(out, "0 removed\n");
    EXPECT_EQ(run({"queue", "clean", "mail", "delayed"}), 0);
    EXPECT_EQ(out, "1 removed\n");
    EXPECT_EQ(run({"queue", "clean", "mail", "active"}), 2);
}

TEST_P(QueueCommand, ChangesJobs) {
    const auto now = add(), later = add(2, {.delay = 1h});
    EXPECT_EQ(run({"queue", "promote", later, now}), 6) << err;
    EXPECT_EQ(out, "1 wait from now on\n");
    EXPECT_EQ(err, "infra: not there, or in no state for it: " + now + "\n");
    EXPECT_EQ(run({"queue", "cancel", later}), 0);
    EXPECT_EQ(info(later).failed_reason, "cancelled");
    EXPECT_EQ(run({"queue", "retry", "--all", "--queue", "mail", "--reason", "cancel"}), 0);
    EXPECT_EQ(out, "1 wait again\n");
    EXPECT_EQ(info(later).state, queue::job_state::waiting);
    EXPECT_EQ(run({"queue", "rm", now}), 0);
    EXPECT_EQ(run({"queue", "rm", now}), 3);
    EXPECT_EQ(run({"queue", "rm", "--all"}), 2) << "of which queue is to be said";
    EXPECT_EQ(run({"queue", "rm"}), 2);
    EXPECT_EQ(run({"queue", "rm", "--all", "--queue", "mail"}), 0);
    EXPECT_EQ(counts().waiting, 0u);
}

TEST_P(QueueCommand, RetriesNoCompletedJobsUnasked) {
    const auto id = add();
    ASSERT_EQ(work("cat"), 0) << err;
    EXPECT_EQ(run({"queue", "retry", "--all", "--queue", "mail"}), 0);
    EXPECT_EQ(out, "0 wait again\n");
    EXPECT_EQ(run({"queue", "retry", "--all", "--queue", "mail", "--state", "completed"}), 0);
    EXPECT_EQ(info(id).state, queue::job_state::waiting);
}

// --- work ---------------------------------------------------------------------------------------------------------

TEST_P(QueueCommand, RunsACommandForEachJob) {
    const auto first = add({{"n", 1}}), other = wait(jobs->enqueue("odd", json::value("x"), {.queue = "mail"}));
    ASSERT_EQ(work("echo working; cat"), 0) << err;
    EXPECT_EQ(out, "2 completed, 0 failed, 0 attempts to be repeated, 0 given back\n");
    EXPECT_EQ(info(first).result, "{\"n\":1}");
    EXPECT_EQ(info(other).result, "\"x\"") << "whatever its name";
    EXPECT_EQ(info(first).state, queue::job_state::completed);
}

TEST_P(QueueCommand, KeepsWhyACommandFailed) {
    const auto id = add(1, {.attempts = 2});
    EXPECT_EQ(work("echo attempt $INFRA_JOB_ATTEMPT of $INFRA_JOB_ATTEMPTS >&2; exit 7"), 6);
    EXPECT_EQ(out, "0 completed, 1 failed, 1 attempts to be repeated, 0 given back\n");
    EXPECT_NE(err.find("infra: job failed  job=" + id), std::string::npos) << err;
    const auto job = info(id);
    EXPECT_EQ(job.state, queue::job_state::failed);
    ASSERT_EQ(job.errors.size(), 2u);
    EXPECT_EQ(job.errors[0].reason, "exit code 7: attempt 1 of 2");
    EXPECT_EQ(job.failed_reason, "exit code 7: attempt 2 of 2");
}

TEST_P(QueueCommand, EndsACommandThatTakesTooLong) {
    const auto id = add(1, {.timeout = 100ms});
    EXPECT_EQ(work("trap '' TERM; sleep 1000"), 6);
    EXPECT_EQ(info(id).failed_reason, "timed out after 100 ms");
}

TEST_P(QueueCommand, RunsSeveralAtOnce) {
    add();
    add();
    // Each waits for the other.
    EXPECT_EQ(run({"queue", "work", "mail", "--drain", "--concurrency", "2", "--exec",
                   "cd '" + folder.path() +
                       "'; touch $INFRA_JOB_ID.job; while [ $(ls | grep -c job$) -lt 2 ]; do sleep "
                       "0.01; done"}),
              0)
        << err;
}

TEST_P(QueueCommand, LetsWhatRunsEndAtTheFirstSignal) {
    const auto id = add();
    EXPECT_EQ(run({"queue", "work", "mail", "--exec", "kill -TERM $PPID; cat"}), 0);
    EXPECT_NE(err.find("infra: stopping once what runs has ended"), std::string::npos) << err;
    EXPECT_EQ(info(id).result, "1");
}

TEST_P(QueueCommand, EndsWhatRunsAtTheSecondSignal) {
    const auto id = add();
    EXPECT_EQ(run({"queue", "work", "mail", "--exec", "while :; do kill -INT $PPID; sleep 0.05; done"}), 6);
    EXPECT_EQ(info(id).state, queue::job_state::waiting);
    EXPECT_EQ(info(id).attempts_made, 0) << "no attempt is spent";
}

// --- cron ---------------------------------------------------------------------------------------------------------

TEST_P(QueueCommand, ListsSchedulesAndRunsThem) {
    EXPECT_EQ(run({"cron", "ls"}), 0) << err;
    EXPECT_EQ(err, "infra: no schedules are stored\n");
    wait(jobs->upsert_schedule({.queue = "mail",
                                .id = "daily",
                                .when = {.every = 24h, .start = std::chrono::system_clock::now() + 1h},
                                .name = "report",
                                .data = "{\"all\":true}",
                                .options = {.attempts = 3}}));
    EXPECT_EQ(run({"cron", "ls", "--json"}), 0);
    EXPECT_EQ(json::parse(out).value().at("schedules").at(0).at("name").as_string(), "daily");
    ASSERT_EQ(run({"cron", "run", "daily"}), 0) << err;
    const auto job = info(out.substr(0, out.size() - 1));
    EXPECT_EQ(job.name, "report");
    EXPECT_EQ(job.data, "{\"all\":true}");
    EXPECT_EQ(job.options.attempts, 3);
    EXPECT_EQ(job.state, queue::job_state::waiting);
    EXPECT_EQ(counts().delayed, 1u) << "the schedule's own run is as it was";
    EXPECT_EQ(run({"cron", "run", "nightly"}), 3);
}

TEST_P(QueueCommand, ShowsWhenAScheduleRunsNext) {
    const auto now = jobs->time().wall();
    const queue::schedule daily{.pattern = "0 6 * * *", .tz = "Europe/Berlin"};
    wait(jobs->upsert_schedule({.queue = "reports",
                                .id = "daily",
                                .when = daily,
                                .name = "report",
                                .next = queue::first_run(daily, now),
                                .now = now}));
    ASSERT_EQ(run({"cron", "show", "daily", "-n", "3", "--json"}), 0) << err;
    const auto document = json::parse(out).value();
    EXPECT_EQ(document.at("pattern"), "0 6 * * *");
    ASSERT_EQ(document.at("next_runs").as_array().size(), 3u);
    EXPECT_NE(document.at("next_runs").at(0).as_string().find("T06:00:00+0"), std::string::npos) << out;
    ASSERT_EQ(run({"cron", "show", "daily", "--queue", "reports"}), 0) << err;
    EXPECT_TRUE(out.starts_with("queue  reports\nname   daily\nwhen   0 6 * * * Europe/Berlin\n")) << out;
    EXPECT_EQ(std::ranges::count(out, '\n'), 9) << out;
    EXPECT_EQ(run({"cron", "show", "weekly"}), 3);
    EXPECT_EQ(err, "infra: no schedule 'weekly' is stored (infra cron ls shows those there are)\n");
}

TEST_P(QueueCommand, PausesSchedulesAndResumesThem) {
    for (const auto* id : {"daily", "weekly"})
        wait(jobs->upsert_schedule({.queue = "mail", .id = id, .when = {.pattern = "0 6 * * *"}, .name = "report"}));
    ASSERT_EQ(run({"cron", "pause", "daily", "weekly"}), 0) << err;
    EXPECT_EQ(out, "2 paused\n");
    EXPECT_EQ(counts().delayed, 0u);
    EXPECT_EQ(run({"cron", "pause", "daily"}), 0) << "as it is";
    EXPECT_EQ(run({"cron", "ls"}), 0);
    EXPECT_NE(out.find("paused"), std::string::npos) << out;
    EXPECT_EQ(run({"cron", "run", "daily"}), 0) << "all the same";
    ASSERT_EQ(run({"cron", "resume", "daily", "nightly", "--json"}), 6);
    EXPECT_EQ(out, R"({"changed":["daily"],"left":["nightly"]})"
                   "\n");
    EXPECT_EQ(counts().delayed, 1u);
    EXPECT_EQ(run({"cron", "ls", "--json"}), 0);
    const auto all = json::parse(out).value().at("schedules");
    EXPECT_TRUE(all.at(0).at("paused_since").is_null());
    EXPECT_TRUE(all.at(1).at("next").is_null());
    EXPECT_TRUE(all.at(1).at("paused_since").is_string());
    EXPECT_EQ(run({"cron", "pause", "nightly"}), 3);
    EXPECT_TRUE(err.starts_with("infra: no such schedule is stored: nightly")) << err;
    wait(jobs->upsert_schedule({.queue = "other", .id = "daily", .when = {.every = 24h}, .name = "report"}));
    EXPECT_EQ(run({"cron", "pause", "weekly", "daily"}), 2) << "two queues have one";
    EXPECT_EQ(run({"cron", "pause", "daily", "--queue", "other"}), 0) << err;
}

// --- where it is --------------------------------------------------------------------------------------------------

TEST(QueueUrl, IsThatOfTheService) {
    const testing::temporary_folder folder;
    const auto url = "sqlite:" + folder.path() + "/queue.db";
    EXPECT_EQ(queue_url("", environment({{"QUEUE_URL", url}}), true), url);
    EXPECT_EQ(queue_url(url, environment({{"QUEUE_URL", "sqlite:other.db"}}), true), url);
    EXPECT_EQ(queue_url("", {}, true), "sqlite:var/queue.db");
    EXPECT_EQ(queue_url("", environment({{"REDIS_URL", "redis://h"}}), true), "redis://h");
    EXPECT_THROW(queue_url("memory:", {}, true), error) << "only its own process sees it";
}

TEST(QueueUrl, TakesAPrefixForRedisAlone) {
    EXPECT_EQ(with_prefix("redis://h", "{shop}&x"), "redis://h?prefix=%7Bshop%7D%26x");
    EXPECT_EQ(with_prefix("redis://h?protocol=2", "a"), "redis://h?protocol=2&prefix=a");
    EXPECT_THROW((void)with_prefix("sqlite:a.db", "a"), std::invalid_argument);
}

TEST(QueueUrl, MakesNoFileForALook) {
    const testing::temporary_folder folder;
    const auto file = folder.path() + "/queue.db";
    std::ostringstream out, err;
    frame f(out, err);
    add_queue(f);
    EXPECT_EQ(f.run({"queue", "ls", "--url", "sqlite:" + file}), 5);
    EXPECT_TRUE(err.str().starts_with("infra: there is no queue in " + file)) << err.str();
    EXPECT_FALSE(std::filesystem::exists(file));
    EXPECT_EQ(f.run({"queue", "ls", "--url", "nowhere:x"}), 2);
}

} // namespace
} // namespace infra::cli
