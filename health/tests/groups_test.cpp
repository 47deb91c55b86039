// What a registry does beyond asking every check each time: groups and states, dependencies, the background, damping.

#include "support.hpp"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::health {
namespace {

using namespace std::chrono_literals;

/// Coroutine checks whose answers are set by the test and whose calls are counted.
struct scripted : world {
    using world::world;

    void add(std::string name, check_options options = {}) {
        checks.add(
            name,
            [this, name]() -> awaitable<check_result> {
                ++calls[name];
                if (const auto d = delay[name]; d > 0ms)
                    co_await time.sleep_for(d);
                co_return check_result{.status = says[name],
                                       .message = says[name] == health_status::healthy ? "" : "ill"};
            },
            std::move(options));
    }

    health_report report(std::string group = {}) {
        const auto asked = ask(std::move(group));
        EXPECT_TRUE(asked->report);
        return asked->report.value_or(health_report{});
    }

    std::map<std::string, health_status> says;
    std::map<std::string, int> calls;
    std::map<std::string, std::chrono::milliseconds> delay;
};

constexpr auto well = health_status::healthy;
constexpr auto so_so = health_status::degraded;
constexpr auto ill = health_status::unhealthy;

// --- Groups ---

TEST(HealthGroups, ReportTheirChecksOnly) {
    scripted w;
    w.add("db");
    w.add("loop", {.groups = {"live"}});
    w.add("schema", {.groups = {"start", "deploy"}});
    w.add("nowhere", {.groups = {}});
    EXPECT_EQ(names(w.report("ready")), "db ");
    EXPECT_EQ(names(w.report("live")), "loop ");
    EXPECT_EQ(names(w.report("start")), "schema ");
    EXPECT_EQ(names(w.report("deploy")), "schema ");
    EXPECT_EQ(names(w.report()), "db loop schema nowhere ");
    EXPECT_EQ(w.report("nobody's").status, well);
}

TEST(HealthGroups, AreKnownByTheirMembersBesideTheUsualThree) {
    scripted w;
    w.add("schema", {.groups = {"deploy"}});
    for (const auto* known : {"live", "ready", "start", "deploy"})
        EXPECT_TRUE(w.checks.has_group(known)) << known;
    EXPECT_FALSE(w.checks.has_group("typo"));
    w.checks.remove("schema");
    EXPECT_FALSE(w.checks.has_group("deploy"));
}

TEST(HealthGroups, ShareTheCheckThatIsInTwoOfThem) {
    scripted w;
    w.delay["db"] = 300ms;
    w.add("db", {.groups = {"ready", "deploy"}});
    const auto ready = w.ask("ready");
    w.advance(100ms);
    const auto deploy = w.ask("deploy"), all = w.ask("");
    w.advance(200ms);
    for (const auto& each : {ready, deploy, all}) {
        ASSERT_TRUE(each->report);
        EXPECT_EQ(names(*each->report), "db ");
    }
    EXPECT_EQ(w.calls["db"], 1);
}

TEST(HealthGroups, CountAnAnswerOnceHoweverManyWaitForIt) {
    scripted w;
    w.says["db"] = ill;
    w.delay["db"] = 100ms;
    w.add("db");
    const auto one = w.ask("ready"), two = w.ask("");
    w.advance(100ms);
    ASSERT_TRUE(two->report);
    EXPECT_EQ(two->report->checks.at("db").failures, 1u);
}

TEST(HealthGroups, ThousandProbesOfEachDuringHalfASecondAreOneRunOfACheck) {
    scripted w;
    w.delay["db"] = 500ms;
    w.add("db", {.groups = {"ready", "live", "start"}});
    std::vector<std::shared_ptr<probe>> probes;
    for (int i = 0; i < 1000; ++i)
        for (const auto* group : {"", "ready", "live", "start"})
            probes.push_back(w.ask(group));
    w.advance(500ms);
    for (const auto& each : probes)
        ASSERT_TRUE(each->report);
    EXPECT_EQ(w.calls["db"], 1);
}

// --- The state of the service ---

TEST(HealthState, DecidesReadinessBeforeAnyCheck) {
    scripted w;
    w.add("db", {.groups = {"ready", "live", "start"}});
    const auto statuses = [&w] {
        std::string all;
        for (const auto* group : {"live", "ready", "start", ""})
            all += to_string(w.report(group).status).front();
        return all;
    };
    EXPECT_EQ(statuses(), "hhhh") << "a registry without an app just serves";
    w.checks.set_state(service_state::starting);
    EXPECT_EQ(statuses(), "huuh");
    w.checks.set_state(service_state::serving);
    EXPECT_EQ(statuses(), "hhhh");
    w.checks.set_state(service_state::stopping);
    EXPECT_EQ(statuses(), "huhh") << "it has started, and it lives";
}

TEST(HealthState, SaysWhyAndAsksNothing) {
    scripted w;
    w.add("db");
    w.checks.set_state(service_state::stopping);
    const auto report = w.report("ready");
    EXPECT_EQ(report.http_status(), 503);
    EXPECT_EQ(report.checks.at("service").message, "stopping");
    EXPECT_EQ(w.calls["db"], 0);
}

TEST(HealthState, CountsForAProbeThatAskedBeforeItChanged) {
    scripted w;
    w.delay["db"] = 100ms;
    w.add("db");
    const auto asked = w.ask("ready");
    w.checks.set_state(service_state::stopping);
    w.advance(100ms);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->status, ill);
}

// --- Dependencies ---

TEST(HealthDependencies, SkipWhatSaysNothingWithoutThem) {
    scripted w;
    w.says["network"] = ill;
    w.add("orders", {.depends_on = {"db"}});
    w.add("db", {.depends_on = {"network"}});
    w.add("network", {.critical = false});
    const auto report = w.report();
    EXPECT_EQ(names(report), "orders db network ");
    EXPECT_TRUE(report.checks.at("db").skipped);
    EXPECT_EQ(report.checks.at("db").message, "skipped: `network` is unhealthy");
    EXPECT_EQ(report.checks.at("orders").message, "skipped: `db` is unhealthy");
    EXPECT_EQ(w.calls["db"] + w.calls["orders"], 0);
    EXPECT_EQ(report.status, so_so) << "skipped checks do not count, what they depend on does";
}

TEST(HealthDependencies, AreAnsweredBeforeACheckBegins) {
    scripted w;
    w.delay["network"] = 100ms;
    w.delay["db"] = 100ms;
    w.add("db", {.depends_on = {"network", "not registered"}});
    w.add("network");
    const auto asked = w.ask();
    EXPECT_EQ(w.calls["db"], 0);
    w.advance(100ms);
    EXPECT_EQ(w.calls["db"], 1);
    EXPECT_FALSE(asked->done());
    w.advance(100ms);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->status, well);
}

TEST(HealthDependencies, SkipACheckWhenOneOfThemHasOverrunItsTimeout) {
    scripted w;
    w.delay["network"] = 1h;
    w.add("network", {.timeout = 200ms});
    w.add("db", {.depends_on = {"network"}});
    const auto asked = w.ask();
    w.advance(200ms);
    ASSERT_TRUE(asked->report);
    EXPECT_TRUE(asked->report->checks.at("db").skipped);
    EXPECT_FALSE(asked->report->partial);
}

TEST(HealthDependencies, LeaveACheckUnaskedWhenTheReportIsDueFirst) {
    scripted w;
    w.add("network", {.worse_after = 2});
    w.add("db", {.depends_on = {"network"}});
    EXPECT_EQ(w.report().status, well);
    w.delay["network"] = 1s; // slow once, which does not make it unhealthy
    const auto asked = w.ask();
    w.advance(800ms);
    ASSERT_TRUE(asked->report);
    EXPECT_TRUE(asked->report->partial);
    EXPECT_EQ(asked->report->checks.at("network").status, well);
    EXPECT_EQ(asked->report->checks.at("db").message,
              "not asked: what it depends on had not answered when the report was due");
    EXPECT_EQ(asked->report->status, ill);
    EXPECT_EQ(w.calls["db"], 1);
}

TEST(HealthDependencies, MayBeRemovedWhileACheckWaitsForThem) {
    scripted w;
    w.delay["network"] = 1h;
    w.add("network");
    w.add("db", {.depends_on = {"network"}});
    const auto asked = w.ask();
    w.checks.remove("network");
    w.loop.poll();
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(names(*asked->report), "db ");
    EXPECT_EQ(w.calls["db"], 1);
}

TEST(HealthDependencies, MustNotLeadBack) {
    scripted w;
    w.add("a", {.depends_on = {"b"}});
    EXPECT_THROW(w.add("b", {.depends_on = {"a"}}), std::invalid_argument);
    EXPECT_EQ(names(w.report()), "a ");
}

// --- In the background ---

TEST(HealthBackground, AsksByItselfAndAnswersProbesFromMemory) {
    scripted w;
    w.add("db", {.every = 10s});
    w.loop.poll();
    EXPECT_EQ(w.calls["db"], 1) << "at once";
    w.advance(4s);
    const auto report = w.report();
    EXPECT_EQ(report.checks.at("db").age, 4s);
    EXPECT_EQ(w.calls["db"], 1);
    w.says["db"] = ill;
    w.advance(6s);
    EXPECT_EQ(w.calls["db"], 2);
    EXPECT_EQ(w.report().checks.at("db").message, "ill");
    EXPECT_EQ(w.calls["db"], 2);
}

TEST(HealthBackground, LetsTheFirstProbeWaitForTheFirstAnswer) {
    scripted w;
    w.delay["db"] = 100ms;
    w.add("db", {.every = 10s});
    const auto asked = w.ask();
    EXPECT_FALSE(asked->done());
    w.advance(100ms);
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(w.calls["db"], 1);
}

TEST(HealthBackground, NoticesACheckThatHangs) {
    world w;
    const gate blocked;
    w.checks.add("blocked", [blocked] { blocked.enter(); }, {.timeout = 1s, .every = 5s});
    std::vector<std::string> changes;
    w.checks.on_change([&](const status_change& c) { changes.push_back(c.check); });
    w.loop.poll();
    blocked.wait_for_entry();
    w.advance(5s);
    EXPECT_EQ(changes, (std::vector<std::string>{"blocked", ""})) << "though nobody has probed";
    EXPECT_EQ(w.report().checks.at("blocked").running_for, 5s);
    EXPECT_EQ(blocked.entries(), 1);
    blocked.open();
}

TEST(HealthBackground, DoesNotAnswerFromMemoryWhenItsLoopHangs) {
    world w;
    w.checks.add("db", []() -> awaitable<void> { co_return; }, {.timeout = 1s, .every = 10s});
    w.loop.poll();
    hand_loop other;
    w.time.advance(11s); // w.loop is turned no more
    const auto asked = ask(other, w.checks);
    EXPECT_FALSE(asked->done());
    w.time.advance(800ms);
    other.poll();
    ASSERT_TRUE(asked->report);
    EXPECT_EQ(asked->report->status, ill);
}

TEST(HealthBackground, EndsWithTheCheck) {
    scripted w;
    w.add("removed", {.every = 1s});
    w.add("replaced", {.every = 1s});
    w.loop.poll();
    w.checks.remove("removed");
    w.add("replaced");
    w.loop.poll();
    EXPECT_EQ(w.time.sleepers(), 0u);
    w.advance(5s);
    EXPECT_EQ(w.calls["removed"], 1);
    EXPECT_EQ(w.calls["replaced"], 1);
}

TEST(HealthBackground, EndsWithTheRegistry) {
    hand_loop loop;
    manual_clock time;
    {
        registry checks({.executor = loop.get_executor(), .time = &time});
        checks.add("db", [] {}, {.every = 1s});
        loop.poll();
        EXPECT_EQ(time.sleepers(), 1u);
    }
    loop.poll();
    EXPECT_EQ(time.sleepers(), 0u);
}

TEST(HealthBackground, DoesNotAskWhatDependsOnSomethingUnhealthy) {
    scripted w;
    w.says["network"] = ill;
    w.add("network", {.every = 1s});
    w.loop.poll();
    w.add("db", {.every = 1s, .depends_on = {"network"}});
    w.advance(3s);
    EXPECT_EQ(w.calls["db"], 0);
    EXPECT_TRUE(w.report().checks.at("db").skipped);
    w.says["network"] = well;
    w.advance(1s);
    w.advance(1s);
    EXPECT_EQ(w.calls["db"], 1);
}

// --- Damping, history, listeners ---

TEST(HealthDamping, ShowsAStatusOnlyOnceItHasLasted) {
    scripted w;
    w.add("db", {.worse_after = 3, .better_after = 2});
    std::string shown;
    for (const auto said : {well, ill, ill, ill, well, well}) {
        w.says["db"] = said;
        shown += to_string(w.report().status).front();
    }
    EXPECT_EQ(shown, "hhhuuh");
}

TEST(HealthDamping, StillSaysWhatTheCheckSaid) {
    scripted w;
    w.add("db", {.worse_after = 3});
    (void)w.report();
    w.says["db"] = ill;
    const auto report = w.report();
    EXPECT_EQ(report.status, well);
    EXPECT_EQ(report.checks.at("db").message, "ill");
    EXPECT_EQ(report.checks.at("db").failures, 1u);
}

TEST(HealthDamping, CountsEachProbeThatFindsACheckStuck) {
    world w;
    const gate blocked;
    w.checks.add("blocked",
                 [blocked] {
                     if (blocked.entries() > 0)
                         blocked.enter();
                     else
                         blocked.pass();
                 },
                 {.timeout = 100ms, .worse_after = 3});
    EXPECT_EQ(w.report().status, well);
    const auto first = w.ask();
    w.advance(100ms);
    ASSERT_TRUE(first->report);
    EXPECT_EQ(first->report->status, well);
    EXPECT_EQ(w.report().status, well);
    EXPECT_EQ(w.report().status, ill);
    blocked.open();
}

TEST(HealthDamping, DoesNotCountAnAnswerThatIsGivenAgain) {
    scripted w;
    w.add("db", {.cache_for = 10s, .worse_after = 2});
    (void)w.report();
    w.says["db"] = ill;
    w.advance(10s);
    for (int again = 0; again < 3; ++again)
        EXPECT_EQ(w.report().checks.at("db").failures, 1u);
    EXPECT_EQ(w.report().status, well);
}

TEST(HealthHistory, TellsTheLastSuccessAndTheLastFailure) {
    scripted w;
    w.add("db");
    const auto start = w.time.wall();
    (void)w.report();
    w.advance(10s);
    w.says["db"] = ill;
    const auto line = w.report().checks.at("db");
    EXPECT_EQ(line.last_success, start);
    EXPECT_EQ(line.last_failure, start + 10s);
}

TEST(HealthListeners, HearOfEveryChangeOfACheckAndOfTheWhole) {
    scripted w;
    std::vector<std::string> heard;
    w.checks.on_change([](const status_change&) { throw 42; }); // costs itself only
    w.checks.on_change([&](const status_change& c) {
        heard.push_back(c.check + ": " + std::string(to_string(c.was)) + " -> " + std::string(to_string(c.is)) + " " +
                        c.message);
    });
    w.add("db");
    w.add("search", {.critical = false});
    (void)w.report();
    w.says["search"] = ill;
    (void)w.report();
    w.says["db"] = ill;
    (void)w.report();
    (void)w.report();
    w.checks.remove("db");
    w.loop.poll();
    EXPECT_EQ(heard, (std::vector<std::string>{"search: healthy -> degraded ill", ": healthy -> degraded ",
                                               "db: healthy -> unhealthy ill", ": degraded -> unhealthy ",
                                               ": unhealthy -> degraded "}));
    EXPECT_THROW(w.checks.on_change(nullptr), std::invalid_argument);
}

} // namespace
} // namespace infra::health
