#include "src/queue_steps.hpp"

#include "tests/queue_command.hpp"

#include <infra/base/json.hpp>

#include <gtest/gtest.h>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

struct QueueErrors : queue_command {
    /// In the order in which they are named.
    void fail(const std::string& queue, const std::vector<std::string>& reasons, const std::string& name = "send") {
        for (const auto& each : reasons) {
            wait(jobs->enqueue(name, json::value(1), {.queue = queue}));
            const auto& stored = jobs->stored();
            const auto taken = wait(stored->claim({.queues = {queue}, .worker = "w", .now = now()}));
            wait(stored->finish(
                {{.held = taken.jobs.at(0).held, .as = queue::outcome::kind::failed, .reason = each, .at = now()}}));
        }
    }
    wall_time now() const { return jobs->time().wall(); }
    json::array errors() const { return json::parse(out).value().at("errors").as_array(); }
    std::string error_of(std::size_t row) const { return std::string(errors().at(row).at("error").as_string()); }
};
INSTANTIATE_TEST_SUITE_P(On, QueueErrors, queue_storages(), name_of_storage);

TEST_P(QueueErrors, ShowsEqualOnesTogetherTheMostFrequentFirst) {
    fail("mail", {"refused", "no answer of 10.0.0.5:25 within 5 ms", "no answer of 10.0.0.6:25 within 9 ms"});
    fail("thumbs", {"no such file"});
    ASSERT_EQ(run({"queue", "errors", "--json"}), 0) << err;
    ASSERT_EQ(errors().size(), 3u);
    const auto first = errors().at(0);
    EXPECT_EQ(first.at("queue"), "mail");
    EXPECT_EQ(first.at("name"), "send");
    EXPECT_EQ(first.at("count"), 2);
    EXPECT_EQ(first.at("signature"), "no answer of # within # ms");
    EXPECT_LE(first.at("first").as_string(), first.at("last").as_string());
    const auto newest = info(std::string(first.at("newest").as_string()));
    EXPECT_EQ(newest.failed_reason, first.at("reason").as_string()) << "a sample";
    EXPECT_EQ(json::parse(out).value().at("complete"), true);

    ASSERT_EQ(run({"queue", "errors", "thumbs"}), 0) << err;
    EXPECT_TRUE(out.starts_with("COUNT  QUEUE   NAME  FIRST ")) << out;
    EXPECT_EQ(std::ranges::count(out, '\n'), 2) << out;
    EXPECT_NE(out.find("  no such file\n"), std::string::npos) << out;
    ASSERT_EQ(run({"queue", "errors", "--limit", "1"}), 0) << err;
    EXPECT_NE(err.find("infra: there are 2 more; --limit shows them\n"), std::string::npos) << err;
}

TEST_P(QueueErrors, SaysHowTheyAreRetriedTogether) {
    fail("mail", {"refused", "no answer within 5 ms", "no answer within 9 ms"});
    ASSERT_EQ(run({"queue", "errors", "--json"}), 0) << err;
    const auto timeouts = error_of(0), refusal = error_of(1);
    ASSERT_EQ(run({"queue", "errors"}), 0);
    EXPECT_EQ(err, "infra: infra queue retry --all --queue=mail --error " + timeouts +
                       " has those of the first wait again; infra queue rm forgets them\n");
    ASSERT_EQ(run({"queue", "retry", "--all", "--queue", "mail", "--error", timeouts}), 0) << err;
    EXPECT_EQ(out, "2 wait again\n");
    EXPECT_EQ(counts().failed, 1u);
    ASSERT_EQ(run({"queue", "rm", "--all", "--queue", "mail", "--error", refusal, "--json"}), 0) << err;
    EXPECT_EQ(out, "{\"changed\":1}\n");
    EXPECT_EQ(counts().failed, 0u);
    EXPECT_EQ(counts().waiting, 2u);
    EXPECT_EQ(run({"queue", "errors"}), 0);
    EXPECT_EQ(out, "");
    EXPECT_EQ(err, "infra: no job has failed that is kept\n");
}

TEST_P(QueueErrors, SaysItSoThatItCanBePastedIntoAShell) {
    fail("my queue; rm -rf x", {"refused"});
    ASSERT_EQ(run({"queue", "errors"}), 0) << err;
    EXPECT_NE(err.find(" --queue='my queue; rm -rf x' --error "), std::string::npos) << err;
    fail("-dash", {"refused", "refused"});
    ASSERT_EQ(run({"queue", "errors", "--json"}), 0) << err;
    const auto error = error_of(0);
    ASSERT_EQ(run({"queue", "errors"}), 0) << err;
    EXPECT_NE(err.find("infra queue retry --all --queue=-dash --error " + error + " "), std::string::npos) << err;
    ASSERT_EQ(run({"queue", "retry", "--all", "--queue=-dash", "--error", error}), 0) << err;
    EXPECT_EQ(out, "2 wait again\n");
}

TEST_P(QueueErrors, SaysThatThereAreMoreThanCanBeListed) {
    for (int i = 0; i < 202; ++i)
        fail("mail", {"refused"}, "job" + std::to_string(i));
    ASSERT_EQ(run({"queue", "errors", "--limit", "1000", "--json"}), 0) << err;
    EXPECT_EQ(errors().size(), 200u);
    EXPECT_EQ(json::parse(out).value().at("more"), true);
    ASSERT_EQ(run({"queue", "errors", "--limit", "1000"}), 0) << err;
    EXPECT_TRUE(err.starts_with("infra: of 'mail' only the 200 most frequent errors can be listed; 2 more are left out"
                                "\ninfra: infra queue retry "))
        << err;
}

TEST(QueueSteps, TellHowFarTheyCameWhereOneFails) {
    std::vector<std::string> cursors;
    std::vector<std::size_t> told;
    const auto step = [&](std::string cursor) -> queue::change_result {
        cursors.push_back(std::move(cursor));
        if (cursors.size() == 3)
            throw error(queue::errc::corrupt, "the file is damaged");
        return {.changed = 500, .next = std::to_string(cursors.size())};
    };
    const auto tell = [&](std::size_t changed) { told.push_back(changed); };
    const auto done = take_steps(step, tell);
    EXPECT_EQ(done.changed, 1000u);
    EXPECT_EQ(done.stopped, "the file is damaged");
    EXPECT_EQ(cursors, (std::vector<std::string>{"", "1", "2"}));
    EXPECT_EQ(told, (std::vector<std::size_t>{500, 1000}));
    cursors.assign(2, "");
    EXPECT_THROW(take_steps(step, tell), error) << "nothing was changed, which is for the verb to tell";
    EXPECT_EQ(take_steps([](std::string) { return queue::change_result{.changed = 7}; }, tell).stopped, "");
}

TEST_P(QueueErrors, RefusesToGuessWhichAreMeant) {
    fail("mail", {"refused"});
    EXPECT_EQ(run({"queue", "retry", "--all", "--queue", "mail", "--error", "0000"}), 3);
    EXPECT_EQ(err, "infra: no job of 'mail' has failed so; infra queue errors lists what has failed\n");
    EXPECT_EQ(run({"queue", "retry", "--error", "0000", "4711"}), 2);
    EXPECT_EQ(run({"queue", "retry", "--all", "--queue", "mail", "--error", "0000", "--name", "send"}), 2);
    EXPECT_EQ(run({"queue", "cancel", "--all", "--queue", "mail", "--error", "0000"}), 2) << "what has failed is over";
    EXPECT_EQ(counts().failed, 1u);
}

TEST_P(QueueErrors, TakesNothingForAllWhereSomethingWasToBeGiven) {
    fail("mail", {"refused"});
    EXPECT_EQ(run({"queue", "rm", "--all", "--queue", "mail", "--error", ""}), 2);
    EXPECT_TRUE(err.starts_with("infra: --error: is given but empty")) << err;
    for (const std::string option : {"--group", "--name", "--data", "--reason", "--state"})
        for (const std::vector<std::string>& words :
             {std::vector<std::string>{"queue", "rm", "--all", "--queue", "mail", option, ""},
              {"queue", "cancel", "--all", "--queue", "mail", option, ""},
              {"queue", "ls", "mail", option, ""}}) {
            EXPECT_EQ(run(words), 2) << words[1] << option;
            EXPECT_TRUE(err.starts_with("infra: " + option + ": is given but empty")) << err;
        }
    EXPECT_EQ(run({"queue", "rm", "4711", "--queue", ""}), 2);
    EXPECT_EQ(run({"queue", "ls", ""}), 2);
    EXPECT_EQ(run({"queue", "errors", ""}), 2);
    EXPECT_EQ(counts().failed, 1u);
}

TEST_P(QueueErrors, TakesNoFilterBesideIds) {
    const auto id = add();
    for (const std::string option : {"--error", "--group", "--name", "--data", "--reason", "--state"}) {
        EXPECT_EQ(run({"queue", "rm", id, option, "completed"}), 2) << option;
        EXPECT_EQ(err, "infra: " + option + ": only with --all and --queue; ids say already which jobs are meant\n");
    }
    EXPECT_EQ(run({"queue", "rm", id, "--state", "completed", "--name", "x"}), 2);
    EXPECT_TRUE(err.starts_with("infra: --state, --name: ")) << err;
    EXPECT_EQ(counts().waiting, 1u);
}

// --- a name that is none --------------------------------------------------------------------------------------------

TEST_P(QueueErrors, OfAQueueThatIsNotThereNameTheOneThatWasMeant) {
    add();
    const std::vector<std::vector<std::string>> verbs{
        {"drain", "mial"},
        {"drain", "mial", "--delayed"},
        {"clean", "mial", "failed"},
        {"errors", "mial"},
        {"retry", "--all", "--queue", "mial"},
        {"retry", "--all", "--queue", "mial", "--error", "0000"},
        {"promote", "--all", "--queue", "mial"},
        {"cancel", "--all", "--queue", "mial"},
        {"cancel", "x", "--queue", "mial"},
        {"rm", "--all", "--queue", "mial"},
    };
    for (auto words : verbs) {
        words.insert(words.begin(), "queue");
        EXPECT_EQ(run(words), 3) << words[1];
        EXPECT_EQ(out, "");
        EXPECT_EQ(err, "infra: there is no queue 'mial'; did you mean 'mail'?\n") << words[1];
        words.push_back("--json");
        EXPECT_EQ(run(words), 3) << words[1];
        EXPECT_EQ(out, "{\"error\":{\"message\":\"there is no queue 'mial'; did you mean 'mail'?\"}}\n");
    }
    EXPECT_EQ(run({"queue", "drain", "quite-another"}), 3);
    EXPECT_EQ(err, "infra: there is no queue 'quite-another'; infra queue ls shows those there are\n");
    EXPECT_EQ(wait(jobs->counts()).size(), 1u) << "to be looked for makes none";
}

TEST_P(QueueErrors, DoNotTakeAnEmptyQueueForOneThatIsNotThere) {
    add();
    EXPECT_EQ(run({"queue", "drain", "mail"}), 0);
    EXPECT_EQ(run({"queue", "drain", "mail"}), 0) << err;
    EXPECT_EQ(out, "0 removed\n");
    ASSERT_EQ(run({"queue", "pause", "paused-before-its-first-job"}), 0);
    EXPECT_EQ(run({"queue", "retry", "--all", "--queue", "paused-before-its-first-job"}), 0) << err;
    wait(jobs->upsert_schedule({.queue = "reports",
                                .id = "daily",
                                .when = {.pattern = "0 6 * * *"},
                                .name = "report",
                                .next = now() + 1h,
                                .now = now()}));
    EXPECT_EQ(run({"queue", "drain", "reports", "--delayed"}), 0) << err;
    ASSERT_TRUE(wait(jobs->pause_schedule({"reports", "daily"})));
    EXPECT_EQ(run({"queue", "drain", "reports"}), 0) << err;
}

TEST_P(QueueErrors, DoNotTakeAQueueForMissingWhoseWorkerIsThere) {
    const auto taken = wait(jobs->stored()->claim({.queues = {"soon"}, .worker = "w", .now = now()}));
    ASSERT_TRUE(taken.jobs.empty());
    if (wait(jobs->workers("soon")).empty())
        GTEST_SKIP() << "this storage knows a worker by its jobs alone";
    EXPECT_EQ(run({"queue", "drain", "soon"}), 0) << err;
}

TEST_P(QueueErrors, OfAWorkerForAQueueThatIsNotThereYetAreOnlyTold) {
    add();
    ASSERT_EQ(run({"queue", "work", "mial", "--exec", "true", "--drain"}), 0) << err;
    EXPECT_EQ(out, "0 completed, 0 failed, 0 attempts to be repeated, 0 given back\n");
    EXPECT_TRUE(err.starts_with("infra: there is no queue 'mial'; did you mean 'mail'?\n")) << err;
    ASSERT_EQ(run({"queue", "work", "mail", "--exec", "true", "--drain"}), 0) << err;
    EXPECT_EQ(err.find("there is no queue"), std::string::npos) << err;
}

// --- what else is looked for ----------------------------------------------------------------------------------------

TEST_P(QueueErrors, AreCountedWithoutBeingListed) {
    fail("mail", {"refused", "no answer", "no answer"});
    ASSERT_EQ(run({"queue", "ls", "mail", "--state", "failed", "--reason", "no answer", "--only-count"}), 0) << err;
    EXPECT_EQ(out, "2\n");
    ASSERT_EQ(run({"queue", "ls", "mail", "--only-count", "--json"}), 0) << err;
    EXPECT_EQ(out, "{\"count\":3}\n");
    EXPECT_EQ(run({"queue", "ls", "--only-count"}), 2);
    EXPECT_EQ(run({"queue", "ls", "mail", "--group", "nope"}), 0);
    EXPECT_EQ(err, "infra: no job of 'mail' fits\n");
}

TEST_P(QueueErrors, OfOneGroupAreChangedByIt) {
    add(1, {.group = "acme"});
    add(2, {.group = "initech"});
    ASSERT_EQ(run({"queue", "rm", "--all", "--queue", "mail", "--group", "acme"}), 0) << err;
    EXPECT_EQ(out, "1 removed\n");
    EXPECT_EQ(counts().waiting, 1u);
}

TEST_P(QueueErrors, AreLookedForAtWorkersWithWhatTheyRun) {
    EXPECT_EQ(run({"queue", "workers"}), 0);
    EXPECT_EQ(err, "infra: nobody takes jobs\n");
    EXPECT_EQ(run({"queue", "workers", "mail"}), 3);
    const auto id = add();
    EXPECT_EQ(run({"queue", "workers", "mail"}), 0) << "nobody yet, but there is work";
    EXPECT_EQ(run({"queue", "workers", "mial"}), 3);
    EXPECT_NE(err.find("did you mean 'mail'?"), std::string::npos) << err;
    const auto taken = wait(jobs->stored()->claim({.queues = {"mail"}, .worker = "shop:7", .now = now()}));
    ASSERT_EQ(taken.jobs.size(), 1u);
    ASSERT_EQ(run({"queue", "workers", "mail", "--json"}), 0) << err;
    const auto all = json::parse(out).value().at("workers").as_array();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].at("name"), "shop:7");
    ASSERT_EQ(all[0].at("jobs").as_array().size(), 1u);
    EXPECT_EQ(all[0].at("jobs").at(0).at("id").as_string(), id);
    ASSERT_EQ(run({"queue", "workers"}), 0) << err;
    EXPECT_NE(out.find("  mail/" + id + " mail\n"), std::string::npos) << out;
}

} // namespace
} // namespace infra::cli
