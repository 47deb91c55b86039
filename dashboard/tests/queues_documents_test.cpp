#include "src/masking.hpp"
#include "src/queues/documents.hpp"
#include "src/queues/overview.hpp"
#include "src/queues/search.hpp"
#include "src/texts.hpp"

#include <infra/http_server/response.hpp>
#include <infra/queue/upcoming.hpp>

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr wall_time t0 = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

TEST(JobSearch, ReadsWhatPeopleType) {
    struct line {
        std::string_view typed;
        std::string name, reason, data, group;
    };
    const line table[] = {
        {"", "", "", "", ""},
        {"ann@example.org", "", "", "ann@example.org", ""},
        {"two  words", "", "", "two words", ""},
        {"name:welcome", "welcome", "", "", ""},
        {R"(error:"timed out" name:welcome)", "welcome", "timed out", "", ""},
        {R"(reason:boom data:"a \"b\" \\")", "", "boom", R"(a "b" \)", ""},
        {"group:shop-7 name:", "", "", "", "shop-7"},
        {"http://x.example name:a", "a", "", "http://x.example", ""},
        {R"("name:welcome")", "", "", "name:welcome", ""},
        {R"(name:"not closed)", "not closed", "", "", ""},
        {"name:a name:b", "b", "", "", ""},
    };
    for (const auto& [typed, name, reason, data, group] : table) {
        queue::job_filter filter{.queue = "mail"};
        add_search(filter, typed);
        EXPECT_EQ(filter.name, name) << typed;
        EXPECT_EQ(filter.reason_contains, reason) << typed;
        EXPECT_EQ(filter.data_contains, data) << typed;
        EXPECT_EQ(filter.group, group) << typed;
        EXPECT_EQ(filter.queue, "mail");
    }
}

TEST(JobSearch, KnowsStatesByTheirNames) {
    EXPECT_EQ(state_named("waiting_children"), queue::job_state::waiting_children);
    EXPECT_THROW(state_named("stuck"), http::error_response);
}

TEST(Texts, AreCutBetweenCharacters) {
    EXPECT_EQ(cut("abc", 3), "abc");
    EXPECT_EQ(cut("abcd", 3), "abc…");
    EXPECT_EQ(cut("aäb", 2), "a…");
    const auto payload = payload_of("aäb", 2);
    EXPECT_EQ(payload.at("text"), "a");
    EXPECT_EQ(payload.at("bytes"), 4);
    EXPECT_TRUE(payload.at("cut").as_bool());
}

TEST(Masking, HidesStringsUnderNamesOfSecrets) {
    const std::pair<std::string_view, std::string_view> table[] = {
        {R"({"user":"ann","password":"x"})", R"({"user":"ann","password":"[masked]"})"},
        {R"({"api_key" : "a\"b","n":1})", R"({"api_key" : "[masked]","n":1})"},
        {R"({"Authorization":"Bearer 1"})", R"({"Authorization":"[masked]"})"},
        {R"({"authorizations":"all"})", R"({"authorizations":"all"})"},
        {R"({"sessionToken":"t","max_tokens":7})", R"({"sessionToken":"[masked]","max_tokens":7})"},
        {R"({"secrets":{"stripe":"b","n":{"c":"d"}},"e":"f"})",
         R"({"secrets":{"stripe":"[masked]","n":{"c":"[masked]"}},"e":"f"})"},
        {R"([{"secret":{"a":["b"]}},"c",{"d":"e"}])", R"([{"secret":{"a":["[masked]"]}},"c",{"d":"e"}])"},
        {R"(]}{"token":"a"},"b")", R"(]}{"token":"[masked]"},"b")"},
        {R"({"cookies":["a","b"],"x":"y"})", R"({"cookies":["[masked]","[masked]"],"x":"y"})"},
        {R"(["password","x"])", R"(["password","x"])"},
        {R"({"password":"cut in ha)", R"({"password":"[masked]")"},
        {"no json \"", "no json \""},
        {"", ""},
    };
    for (const auto& [text, shown] : table)
        EXPECT_EQ(masked(text), shown) << text;
}

TEST(Masking, IsTakenBackInWhatSomebodyEdited) {
    auto made = json::parse(R"({"a":"[masked]","b":{"c":"[masked]","d":2},"e":["[masked]"],"f":"[masked]"})").value();
    unmask(made, json::parse(R"({"a":"x","b":{"c":"y","d":1},"e":["z"]})").value());
    EXPECT_EQ(json::to_text(made), R"({"a":"x","b":{"c":"y","d":2},"e":["z"],"f":"[masked]"})");
}

queue::job_info failed(std::string id, std::string reason, wall_time at, std::string name = "welcome") {
    return {.queue = "mail",
            .id = std::move(id),
            .name = std::move(name),
            .state = queue::job_state::failed,
            .failed_reason = std::move(reason),
            .created_at = t0,
            .finished_at = at};
}

TEST(CronPage, TellTheirNextRunsInTheirZone) {
    const queue::schedule daily{.pattern = "30 2 * * *", .tz = "Europe/Berlin"};
    const auto runs = queue::upcoming_runs(
        daily, queue::first_run(daily, std::chrono::sys_days(std::chrono::year(2026) / 3 / 28)), 0, 3);
    ASSERT_EQ(runs.size(), 3u);
    const auto document = document_of(
        schedule_seen{.job = {.queue = "report", .name = "report", .when = daily, .next = runs[0]}}, runs[0] - 1h);
    const auto& shown = document.at("next_runs").as_array();
    ASSERT_EQ(shown.size(), 5u);
    EXPECT_EQ(shown[0].at("there"), "2026-03-28T02:30:00+01:00");
    EXPECT_EQ(shown[1].at("there"), "2026-03-29T03:30:00+02:00") << "clocks were put forward";
    EXPECT_EQ(shown[2].at("there"), "2026-03-30T02:30:00+02:00");
}

TEST(CronPage, AreMissedWhenTheirRunIsDueForAMinute) {
    const queue::cron_job job{.next = t0};
    EXPECT_EQ(overdue(job, t0 + 60s), 0ms);
    EXPECT_EQ(overdue(job, t0 + 61s), 61'000ms);
    EXPECT_EQ(overdue({}, t0 + 1h), 0ms);
    const schedule_seen seen{.job = {.queue = "nightly jobs", .name = "nightly", .next = t0}};
    const auto concern = concern_of(seen, t0 + 2min);
    ASSERT_TRUE(concern);
    EXPECT_EQ(concern->text, "the schedule nightly missed its run: no worker has taken it");
    EXPECT_EQ(concern->action_path, "/cron/nightly%20jobs/nightly/run");
    auto paused = seen;
    paused.queue_paused = true;
    EXPECT_FALSE(concern_of(paused, t0 + 2min)) << "somebody wants it so";
    paused = {.job = {.queue = "nightly jobs", .name = "nightly", .paused_since = t0, .orphaned = true}};
    EXPECT_FALSE(concern_of(paused, t0 + 2min)) << "likewise";
    auto orphaned = seen;
    orphaned.job.orphaned = true;
    EXPECT_TRUE(concern_of(orphaned, t0)->text.ends_with("no process defines it any more"));
}

queue_seen seen(std::string name, std::size_t waiting, wall_time oldest, std::size_t workers) {
    return {.counts = {.queue = std::move(name), .waiting = waiting}, .oldest = oldest, .workers = workers};
}

TEST(QueueFigures, TellWhatWaitsForHowLongAndWhatFailed) {
    queues_seen all{.at = t0 + 70s, .queues = {seen("mail", 5, t0, 1), seen("photos", 2, t0 + 60s, 0)}};
    all.queues[1].minutes = {{.minute = t0, .completed = 1, .failed = 3}};
    auto paused = seen("paused", 9, t0 - 1h, 0);
    paused.counts.paused = true;
    all.queues.push_back(paused);
    const auto figures = figures_of(all, 15min, 60s);
    ASSERT_EQ(figures.size(), 3u);
    EXPECT_EQ(figures[0].value, 16);
    EXPECT_EQ(figures[1].value, 70) << "what is paused waits because somebody wants it so";
    EXPECT_EQ(figures[1].limit, 60);
    EXPECT_EQ(figures[1].link, "#/queues/mail?state=waiting");
    EXPECT_EQ(figures[2].label, "Failed, 15 min");
    EXPECT_EQ(figures[2].value, 3);
    EXPECT_EQ(figures[2].link, "#/queues/photos?state=failed");
}

TEST(QueueFigures, SayOfWhichWindowTheyAre) {
    for (const auto& [within, label] :
         {std::pair(5min, "Failed, 5 min"), std::pair(std::chrono::minutes(1h), "Failed, 1 h"),
          std::pair(std::chrono::minutes(6h), "Failed, 6 h"), std::pair(90min, "Failed, 90 min")})
        EXPECT_EQ(figures_of({.at = t0}, within, 60s)[2].label, label);
}

TEST(QueueFigures, ShowWhenWithinTheWindowItFailed) {
    const auto minute = std::chrono::floor<std::chrono::minutes>(t0);
    queues_seen all{.at = minute + 30s, .queues = {seen("mail", 0, t0, 1), seen("photos", 0, t0, 1)}};
    all.queues[0].minutes = {{.minute = minute - 4min, .failed = 1}, {.minute = minute, .failed = 2}};
    all.queues[1].minutes = {{.minute = minute - 4min, .failed = 5}, {.minute = minute - 5min, .failed = 100}};
    EXPECT_EQ(failures_over_time(all, 5min), (std::vector<double>{6, 0, 0, 0, 2}));
    const auto six_hours = failures_over_time(all, 6h);
    ASSERT_EQ(six_hours.size(), 60u);
    EXPECT_EQ(six_hours.back(), 108) << "a part is of six minutes";
}

TEST(QueueConcerns, NameQueuesWithoutWorkersOnceTheirJobsHaveWaitedAWhile) {
    const queues_seen all{.at = t0 + 10s,
                          .queues = {seen("mail", 5, t0, 1), seen("photos", 2, t0, 0), seen("new", 1, t0 + 9s, 0)}};
    const auto concerns = concerns_of(all);
    ASSERT_EQ(concerns.size(), 1u);
    EXPECT_EQ(concerns[0].text, "the queue photos has no workers, and 2 jobs wait");
    EXPECT_EQ(concerns[0].since, t0);
}

TEST(QueueConcerns, AreFailuresOfADayWithAnActionForAllThatAreAlike) {
    queue::failure_counter counted;
    counted.add(failed("1", "no answer within 5 ms", t0));
    counted.add(failed("2", "no answer within 7 ms", t0));
    const auto concerns = concerns_of("mail", counted.groups(), t0 + 1h);
    ASSERT_EQ(concerns.size(), 1u);
    EXPECT_EQ(concerns[0].text, "2 jobs of welcome failed: no answer within # ms");
    EXPECT_EQ(concerns[0].action_path,
              "/queues/mail/failures/" + queue::failure_group_of(failed("", "no answer within 1 ms", t0)) + "/retry");
    EXPECT_TRUE(concerns_of("mail", counted.groups(), t0 + 25h).empty());
}

TEST(QueueDocuments, ShowOfAJobNoMoreThanWasAskedFor) {
    queue::job_info job{
        .queue = "mail", .id = "7", .name = "welcome", .data = std::string(1000, 'x'), .created_at = t0};
    job.errors = {{.attempt = 1, .at = t0, .reason = "boom"}};
    job.id = queue::run_id("nightly", t0);
    job.trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const auto document = document_of(job, 100);
    EXPECT_EQ(document.at("data").at("text").as_string().size(), 100u);
    EXPECT_EQ(document.at("data").at("bytes"), 1000);
    EXPECT_EQ(document.at("errors").at(0).at("reason"), "boom");
    EXPECT_EQ(document.at("schedule").at("name"), "nightly");
    EXPECT_EQ(document.at("trace"), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_TRUE(document.at("finished_at").is_null());
    EXPECT_LE(summary_of(job).at("preview").as_string().size(), 170u);
}

} // namespace
} // namespace infra::dashboard
