// What the panel of queues answers and does, on every storage.

#include "src/queues/news.hpp"
#include "src/queues/queues_panel.hpp"
#include "support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

struct storage_for_test {
    std::string name;
    std::function<std::shared_ptr<queue::backend>(const std::string& folder)> make;
};

testing::redis_server& redis_of_all_tests() {
    static testing::redis_server server;
    return server;
}

// A prefix for each test: they share the server.
std::shared_ptr<queue::backend> on_redis(const std::string& folder) {
    return queue::make_backend(redis_of_all_tests().url() + "?prefix=" + folder.substr(folder.rfind('/') + 1));
}

const storage_for_test storages[] = {
    {"memory", [](const std::string&) { return queue::make_backend("memory:"); }},
    {"sqlite", [](const std::string& folder) { return queue::make_backend("sqlite:" + folder + "/queue.db"); }},
    {"redis", on_redis},
};

struct order {
    int number = 0;
};
BOOST_DESCRIBE_STRUCT(order, (), (number))

class QueuesPanel : public ::testing::TestWithParam<storage_for_test> {
protected:
    void SetUp() override {
        if (GetParam().name == "redis" && !testing::redis_server::installed())
            GTEST_SKIP() << testing::redis_server::how_to_install;
        jobs.emplace(GetParam().make(folder.path()));
        add_queues_panel(on.board(), {.jobs = [this] { return *jobs; }});
    }
    void TearDown() override {
        if (jobs)
            on.loop.wait(jobs->stop(deadline::after(5s)));
    }

    queue::job_id add(int number, queue::enqueue_options options = {}) {
        options.queue = "mail";
        return on.loop.get(jobs->enqueue("welcome", order{number}, std::move(options)));
    }
    void fail(queue::job_id id, const std::string& reason) { end(std::move(id), queue::outcome::kind::failed, reason); }
    void end(queue::job_id id, queue::outcome::kind as, const std::string& text) {
        const auto now = real_clock().wall();
        const auto taken = on.loop.get(jobs->stored()->claim({.queues = {"mail"}, .worker = "w", .now = now}));
        ASSERT_EQ(taken.jobs.size(), 1u);
        ASSERT_EQ(taken.jobs[0].held.job.id, id);
        queue::outcome o{.held = taken.jobs[0].held, .as = as, .at = now};
        (as == queue::outcome::kind::failed ? o.reason : o.result) = text;
        on.loop.get(jobs->stored()->finish({o}));
    }
    queue::job_id add_failed(int number, const std::string& reason) {
        auto id = add(number);
        fail(id, reason);
        return id;
    }
    std::string state_of(const queue::job_id& id) {
        const auto found = on.loop.get(jobs->find_job(queue::job_key{"mail", id}));
        return found ? std::string(to_string(found->state)) : "gone";
    }
    json::value act(http::method how, const std::string& path, const std::string& body = {}, int status = 200) {
        const auto answer = on.act(how, path, body);
        EXPECT_EQ(answer.status, status) << path << ": " << answer.body;
        return answer.body.empty() ? json::value() : json::parse(answer.body).value();
    }
    json::value post(const std::string& path, const std::string& body = {}, int status = 200) {
        return act(http::method::post, path, body, status);
    }
    std::vector<std::string> ids(const std::string& path) {
        std::vector<std::string> all;
        const auto document = on.get(path);
        for (const auto& each : document.at("items").as_array())
            all.emplace_back(each.at("id").as_string());
        return all;
    }

    testing::temporary_folder folder{"dashboard-queues"};
    mounted on;
    std::optional<queue::queue> jobs;
};

using all = std::vector<std::string>;

// Who searches for one letter after the other would read it all the same.
TEST_P(QueuesPanel, FindsNothingByASecretThatItDoesNotShow) {
    const json::value data{{"password", "hunter2"}, {"user", "ann"}};
    on.loop.get(jobs->enqueue("welcome", data, {.queue = "mail"}));
    EXPECT_EQ(ids("/queues/mail/jobs?q=data:ann").size(), 1u);
    EXPECT_EQ(on.get("/queues/mail/count?q=data:ann").at("count"), 1);
    EXPECT_TRUE(ids("/queues/mail/jobs?q=data:hunter").empty());
    EXPECT_EQ(on.get("/queues/mail/count?q=data:hunter").at("count"), 0);
}

TEST_P(QueuesPanel, ListsQueuesWithWhatWaitsAndHowLong) {
    add(1);
    add(2, {.delay = 1h});
    const auto document = on.get("/queues");
    ASSERT_EQ(document.at("items").as_array().size(), 1u);
    const auto& mail = document.at("items").at(0);
    EXPECT_EQ(mail.at("name"), "mail");
    EXPECT_EQ(mail.at("waiting"), 1);
    EXPECT_EQ(mail.at("delayed"), 1);
    EXPECT_TRUE(mail.at("oldest").is_int64());
    EXPECT_EQ(mail.at("workers"), 0);
    EXPECT_TRUE(mail.at("unattended").as_bool());
    EXPECT_FALSE(document.at("storage").as_string().empty());
}

TEST_P(QueuesPanel, PausesAndResumesAndLimitsAQueue) {
    add(1);
    post("/queues/mail/pause");
    EXPECT_TRUE(on.get("/queues/mail").at("paused").as_bool());
    EXPECT_TRUE(on.get("/queues").at("items").at(0).at("paused").as_bool()) << "what was done is seen at once";
    post("/queues/mail/resume");
    const auto now = act(http::method::patch, "/queues/mail",
                         R"({"concurrency":3,"rate_max":10,"rate_duration_ms":60000,"max_length":500})");
    EXPECT_EQ(now.at("concurrency"), 3);
    EXPECT_EQ(now.at("rate").at("max"), 10);
    EXPECT_EQ(now.at("rate").at("duration_ms"), 60000);
    EXPECT_EQ(on.get("/queues/mail").at("settings").at("max_length"), 500);
    EXPECT_FALSE(now.at("paused").as_bool());
}

TEST_P(QueuesPanel, ListsJobsNewestFirstPageByPage) {
    all ids_added;
    for (int i = 0; i < 5; ++i)
        ids_added.insert(ids_added.begin(), add(i));
    const auto page = on.get("/queues/mail/jobs?state=waiting&limit=3");
    ASSERT_EQ(page.at("items").as_array().size(), 3u);
    EXPECT_EQ(page.at("items").at(0).at("id"), json::value(ids_added[0]));
    ASSERT_TRUE(page.at("next").is_string());
    const auto rest =
        ids("/queues/mail/jobs?state=waiting&limit=3&cursor=" + encoding::form_encode(page.at("next").as_string()));
    EXPECT_EQ(rest, (all{ids_added[3], ids_added[4]}));
    EXPECT_EQ(on.status_of("/queues/mail/jobs?limit=201"), 400);
    EXPECT_EQ(on.status_of("/queues/mail/jobs?state=stuck"), 400);
}

TEST_P(QueuesPanel, SearchesByPayloadAndReasonAndSaysHowFarItLooked) {
    const auto first = add_failed(4711, "timed out after 5 ms");
    const auto second = add_failed(4712, "refused");
    EXPECT_EQ(ids("/queues/mail/jobs?q=4711"), all{first});
    EXPECT_EQ(ids("/queues/mail/jobs?q=error%3Arefused"), all{second});
    EXPECT_EQ(ids("/queues/mail/jobs?q=name%3Aother"), all{});
    EXPECT_GE(on.get("/queues/mail/jobs?q=nothing").at("looked_at").as_int64(), 2);
    EXPECT_EQ(on.get("/queues/mail/count?state=failed&q=4711").at("count"), 1);
    EXPECT_EQ(on.get("/queues/mail/count?state=failed").at("count"), 2);
}

TEST_P(QueuesPanel, ShowsAJobWithItsReasonAndTrace) {
    const auto id = add_failed(7, "boom");
    const auto job = on.get("/queues/mail/jobs/" + id);
    EXPECT_EQ(job.at("name"), "welcome");
    EXPECT_EQ(job.at("state"), "failed");
    EXPECT_EQ(job.at("data").at("text"), R"({"number":7})");
    EXPECT_EQ(job.at("failed_reason"), "boom");
    EXPECT_EQ(on.status_of("/queues/mail/jobs/99999"), 404);
    EXPECT_EQ(on.get("/queues/mail/jobs/" + id + "/logs").at("items").as_array().size(), 0u);
    EXPECT_EQ(ids("/jobs?id=" + id), all{id}) << "also without the queue";
}

TEST_P(QueuesPanel, ChangesOneJobAndSaysWhenThatIsTooLate) {
    const auto failed = add_failed(1, "boom");
    post("/queues/mail/jobs/" + failed + "/retry");
    EXPECT_EQ(state_of(failed), "waiting");
    EXPECT_EQ(post("/queues/mail/jobs/" + failed + "/retry", {}, 409).at("error").at("code"), "not_changed");
    post("/queues/mail/jobs/" + failed + "/cancel");
    EXPECT_EQ(state_of(failed), "failed");
    const auto delayed = add(2, {.delay = 1h});
    post("/queues/mail/jobs/" + delayed + "/promote");
    EXPECT_EQ(state_of(delayed), "waiting");
    act(http::method::delete_, "/queues/mail/jobs/" + delayed);
    EXPECT_EQ(state_of(delayed), "gone");
}

TEST_P(QueuesPanel, ChangesThoseThatAreNamedAndThoseThatFit) {
    const auto a = add_failed(1, "timed out"), b = add_failed(2, "timed out"), c = add_failed(3, "refused");
    EXPECT_EQ(post("/queues/mail/change", R"({"what":"retry","ids":[")" + a + R"("]})").at("changed"), 1);
    EXPECT_EQ(state_of(a), "waiting");
    const auto rest = post("/queues/mail/change", R"({"what":"remove","state":"failed","q":"error:\"timed out\""})");
    EXPECT_EQ(rest.at("changed"), 1);
    EXPECT_TRUE(rest.at("next").is_null());
    EXPECT_EQ(state_of(b), "gone");
    EXPECT_EQ(state_of(c), "failed");
    post("/queues/mail/change", R"({"what":"explode","ids":["1"]})", 422);
    post("/queues/mail/change", R"({"what":"retry","ids":[]})", 422);
}

TEST_P(QueuesPanel, GroupsEqualErrorsAndRetriesThemTogether) {
    const auto a = add_failed(1, "no answer within 5 ms"), b = add_failed(2, "no answer within 7 ms"),
               c = add_failed(3, "refused");
    const auto groups = on.get("/queues/mail/failures");
    ASSERT_EQ(groups.at("items").as_array().size(), 2u);
    EXPECT_TRUE(groups.at("complete").as_bool());
    const auto& first = groups.at("items").at(0);
    EXPECT_EQ(first.at("count"), 2);
    EXPECT_EQ(first.at("signature"), "no answer within # ms");
    const std::string group(first.at("id").as_string());
    auto shown = ids("/queues/mail/jobs?state=failed&group=" + group);
    std::ranges::sort(shown);
    EXPECT_EQ(shown.size(), 2u);
    EXPECT_EQ(post("/queues/mail/failures/" + group + "/retry").at("changed"), 2);
    EXPECT_EQ(state_of(a), "waiting");
    EXPECT_EQ(state_of(b), "waiting");
    EXPECT_EQ(state_of(c), "failed");
    EXPECT_EQ(on.get("/queues/mail/failures").at("items").as_array().size(), 1u) << "what was done is seen at once";
    const std::string left(on.get("/queues/mail/failures").at("items").at(0).at("id").as_string());
    EXPECT_EQ(post("/queues/mail/failures/" + left + "/remove", "{}").at("changed"), 1);
    EXPECT_EQ(state_of(c), "gone");
}

TEST_P(QueuesPanel, TellsOfEachFailureOnce) {
    const auto news = std::make_shared<failure_news>();
    const auto watch = std::make_shared<queue_watch>();
    const auto told = [&] {
        watch->forget();
        all ids_told;
        for (const auto& each : on.loop.get(news->look(*jobs, on.loop.get(watch->look(*jobs)))))
            ids_told.push_back(each.id);
        return ids_told;
    };
    EXPECT_EQ(told(), all{});
    const auto first = add_failed(1, "boom");
    EXPECT_EQ(told(), all{first});
    EXPECT_EQ(told(), all{});
    const auto second = add_failed(2, "boom");
    EXPECT_EQ(told(), all{second});
}

TEST_P(QueuesPanel, AddsAJobLikeAnotherWithOtherData) {
    const auto made =
        post("/queues/mail/jobs", R"({"name":"welcome","data":{"number":8},"attempts":3,"delay_ms":60000})", 201);
    const auto job = on.get("/queues/mail/jobs/" + std::string(made.at("id").as_string()));
    EXPECT_EQ(job.at("data").at("text"), R"({"number":8})");
    EXPECT_EQ(job.at("attempts"), 3);
    EXPECT_EQ(job.at("state"), "delayed");
    post("/queues/mail/jobs", R"({"name":"","data":1})", 422);
}

TEST_P(QueuesPanel, ShowsNoSecretOfAPayloadAndKeepsItInAJobLikeIt) {
    const auto id =
        on.loop.get(jobs->enqueue("welcome", json::value{{"user", "ann"}, {"password", "s3cr3t"}}, {.queue = "mail"}));
    EXPECT_EQ(on.get("/queues/mail/jobs/" + id).at("data").at("text"), R"({"user":"ann","password":"[masked]"})");
    EXPECT_EQ(on.ask(http::method::get, "/queues/mail/jobs").body.find("s3cr3t"), std::string::npos);
    const auto made =
        post("/queues/mail/jobs",
             R"({"name":"welcome","data":{"user":"bea","password":"[masked]"},"like":")" + id + R"("})", 201);
    const auto stored = on.loop.get(jobs->find_job(queue::job_key{"mail", std::string(made.at("id").as_string())}));
    EXPECT_EQ(stored->data, R"({"user":"bea","password":"s3cr3t"})");
}

TEST_P(QueuesPanel, DrainsOnlyWhenTheNameIsTypedAndCleansByAge) {
    add(1);
    const auto failed_id = [&] {
        post("/queues/mail/drain", R"({"name":"mail"})");
        return add_failed(2, "boom");
    }();
    add(3);
    post("/queues/mail/drain", R"({"name":"male"})", 422);
    EXPECT_EQ(on.get("/queues/mail").at("waiting"), 1);
    EXPECT_EQ(post("/queues/mail/drain", R"({"name":"mail"})").at("changed"), 1);
    EXPECT_EQ(post("/queues/mail/clean", R"({"state":"failed","older_than_ms":3600000})").at("changed"), 0);
    EXPECT_EQ(post("/queues/mail/clean", R"({"state":"failed","older_than_ms":0})").at("changed"), 1);
    EXPECT_EQ(state_of(failed_id), "gone");
    post("/queues/mail/clean", R"({"state":"active","older_than_ms":0})", 422);
    for (const std::string age : {"-1", "-9223372036854775808", "9223372036854775807"})
        post("/queues/mail/clean", R"({"state":"failed","older_than_ms":)" + age + "}", 422);
}

TEST_P(QueuesPanel, ShowsSchedulesAndRunsOneNow) {
    on.loop.wait(jobs->upsert_schedule({.queue = "report",
                                        .id = "report",
                                        .when = {.pattern = "0 6 * * *", .tz = "Europe/Berlin"},
                                        .name = "report"}));
    const auto document = on.get("/cron");
    ASSERT_EQ(document.at("items").as_array().size(), 1u);
    const auto& report = document.at("items").at(0);
    EXPECT_EQ(report.at("name"), "report");
    EXPECT_EQ(report.at("tz"), "Europe/Berlin");
    EXPECT_EQ(report.at("next_runs").as_array().size(), 5u);
    EXPECT_TRUE(report.at("stored").as_bool());
    const auto made = post("/cron/report/report/run", {}, 201);
    EXPECT_EQ(on.get("/queues/report/jobs/" + std::string(made.at("id").as_string())).at("state"), "waiting");
    post("/cron/report/other/run", {}, 404);
    post("/queues/report/pause");
    EXPECT_TRUE(on.get("/cron").at("items").at(0).at("queue_paused").as_bool());
    EXPECT_FALSE(on.get("/cron").at("items").at(0).at("paused").as_bool()) << "its queue alone is";
}

TEST_P(QueuesPanel, PausesAScheduleAndResumesIt) {
    on.loop.wait(
        jobs->upsert_schedule({.queue = "report", .id = "report", .when = {.pattern = "0 6 * * *"}, .name = "report"}));
    EXPECT_TRUE(post("/cron/report/report/pause").at("paused").as_bool());
    const auto paused = on.get("/cron").at("items").at(0);
    EXPECT_TRUE(paused.at("paused").as_bool());
    EXPECT_TRUE(paused.at("paused_since").is_int64());
    EXPECT_TRUE(paused.at("next").is_null());
    EXPECT_TRUE(paused.at("next_runs").as_array().empty());
    EXPECT_EQ(on.get("/queues/report").at("delayed"), 0);
    post("/cron/report/report/run", {}, 201);
    EXPECT_FALSE(post("/cron/report/report/resume").at("paused").as_bool());
    EXPECT_TRUE(on.get("/cron").at("items").at(0).at("next").is_int64());
    EXPECT_EQ(on.get("/queues/report").at("delayed"), 1);
    for (const auto* verb : {"pause", "resume"})
        post(std::string("/cron/report/other/") + verb, {}, 404);
}

TEST_P(QueuesPanel, ShowsWorkersWithWhatTheyRun) {
    add(1);
    on.loop.get(jobs->stored()->claim({.queues = {"mail"}, .worker = "here:1:a", .now = real_clock().wall()}));
    const auto items = on.get("/workers").at("items").as_array();
    ASSERT_EQ(items.size(), 1u);
    EXPECT_EQ(items[0].at("name"), "here:1:a");
    EXPECT_EQ(items[0].at("jobs").as_array().size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Storages, QueuesPanel, ::testing::ValuesIn(storages),
                         [](const auto& with) { return with.param.name; });

TEST(QueuesPanelRoles, LetNobodyChangeAnythingWhoMayOnlyRead) {
    mounted on(role::read);
    const queue::queue jobs(queue::make_backend("memory:"));
    add_queues_panel(on.board(), {.jobs = [&] { return jobs; }});
    EXPECT_EQ(on.status_of("/queues"), 200);
    for (const auto* path :
         {"/queues/mail/pause", "/queues/mail/change", "/queues/mail/jobs", "/cron/a/b/run", "/cron/a/b/pause",
          "/cron/a/b/resume", "/queues/mail/failures/x/retry", "/queues/mail/jobs/1/retry", "/queues/mail/drain"})
        EXPECT_EQ(on.act(http::method::post, path, "{}").status, 403) << path;
}

TEST(QueuesPanelOutage, SaysWhatIsDown) {
    mounted on;
    const queue::queue jobs(queue::make_backend("sqlite:/proc/none/queue.db"));
    add_queues_panel(on.board(), {.jobs = [&] { return jobs; }});
    const auto answer = on.ask(http::method::get, "/queues");
    EXPECT_EQ(answer.status, 503) << answer.body;
}

// A hundred thousand jobs: each answer looks at a bounded number of them.
TEST(QueuesPanelWithManyJobs, AnswersInBoundedSteps) {
    mounted on;
    testing::temporary_folder folder("dashboard-many");
    const queue::queue jobs(queue::make_backend("sqlite:" + folder.path() + "/queue.db?durability=normal"));
    const auto job = jobs.define_job<order>({.name = "mail"});
    constexpr int many = 100'000, at_once = 10'000;
    for (int i = 0; i < many; i += at_once) {
        std::vector<order> some;
        for (int n = i; n < i + at_once; ++n)
            some.push_back({n});
        on.loop.get(jobs.enqueue_bulk(job, some));
    }
    add_queues_panel(on.board(), {.jobs = [&] { return jobs; }});
    EXPECT_EQ(on.get("/queues/mail").at("waiting"), many);
    EXPECT_EQ(on.get("/queues/mail/jobs?state=waiting").at("items").as_array().size(), 50u);
    std::string cursor;
    std::size_t looked_at = 0, found = 0, calls = 0;
    do {
        const auto page = on.get("/queues/mail/jobs?q=%22number%22%3A17%7D&cursor=" + encoding::form_encode(cursor));
        looked_at += static_cast<std::size_t>(page.at("looked_at").as_int64());
        found += page.at("items").as_array().size();
        cursor = page.at("next").is_null() ? "" : std::string(page.at("next").as_string());
        EXPECT_LE(page.at("looked_at").as_int64(), 22'000) << "bounded";
    } while (!cursor.empty() && ++calls < 200);
    EXPECT_EQ(found, 0u) << "quotation marks group words: they are not looked for";
    EXPECT_GE(looked_at, static_cast<std::size_t>(many));
    on.loop.wait(jobs.stop(deadline::after(5s)));
}

} // namespace
} // namespace infra::dashboard
