#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <sstream>

namespace infra::cli {
namespace {

struct Command : testing::Test {
    Command() {
        add_version(f);
        f.add({.name = "fail", .description = "Fails.", .examples = {"infra fail"}},
              [](const output& to) { return to.fail(exit_code::not_found, "there is no such thing"); });
        f.add({.name = "throw", .description = "Throws."},
              [](const output&) -> exit_code { throw std::runtime_error("boom"); });
        auto& group = f.add_group({.name = "box", .description = "Opens and shuts."});
        group.add_option("--url", url, "Where it is");
        f.add(
            {.name = "open", .description = "Opens."},
            [this](const output& to) {
                to.print("opened " + url, {});
                return exit_code::ok;
            },
            &group);
        f.add({.name = "shut", .description = "Shuts."}, [](const output&) { return exit_code::ok; }, &group);
    }

    int run(std::vector<std::string> words) {
        out.str("");
        err.str("");
        return f.run(std::move(words));
    }

    std::ostringstream out, err;
    frame f{out, err};
    std::string url;
};

TEST_F(Command, PrintsTextForPeople) {
    EXPECT_EQ(run({"version"}), 0);
    EXPECT_TRUE(out.str().starts_with("infra " INFRA_VERSION)) << out.str();
    EXPECT_EQ(err.str(), "");
}

TEST_F(Command, TakesJsonBeforeOrAfterTheVerb) {
    for (const auto& words : {std::vector<std::string>{"--json", "version"}, {"version", "--json"}}) {
        EXPECT_EQ(run(words), 0);
        EXPECT_EQ(boost::json::parse(out.str()).at("version").as_string(), INFRA_VERSION);
    }
    EXPECT_EQ(run({"version"}), 0);
    EXPECT_TRUE(out.str().starts_with("infra ")) << "the flag does not stick";
}

TEST_F(Command, SaysFailuresOnStderrAndWithTheirCode) {
    EXPECT_EQ(run({"fail"}), 3);
    EXPECT_EQ(out.str(), "");
    EXPECT_EQ(err.str(), "infra: there is no such thing\n");
    EXPECT_EQ(run({"fail", "--json"}), 3);
    EXPECT_EQ(out.str(), "{\"error\":{\"message\":\"there is no such thing\"}}\n");
    EXPECT_EQ(err.str(), "infra: there is no such thing\n") << "people look there";
}

TEST_F(Command, TellsTerminalsNothingToObeyInWhatFailed) {
    f.add({.name = "echo", .description = "Fails in others' words."},
          [](const output& to) { return to.fail(exit_code::failed, "he said \x1b[2J\xc2\x9b\ntwice"); });
    EXPECT_EQ(run({"echo"}), 1);
    EXPECT_EQ(err.str(), "infra: he said ?[2J?\ntwice\n");
}

TEST_F(Command, DoesNotSucceedWhenItsOutputIsLost) {
    out.setstate(std::ios::badbit);
    EXPECT_EQ(f.run({"version"}), 1);
    EXPECT_EQ(err.str(), "infra: cannot write to the standard output\n");
    EXPECT_EQ(f.run({"fail"}), 3) << "a failure keeps its code";
}

TEST_F(Command, ShowsItsVersionAsAFlagToo) {
    EXPECT_EQ(run({"--version"}), 0);
    EXPECT_EQ(out.str(), "infra " INFRA_VERSION "\n");
}

TEST_F(Command, SurvivesAVerbThatThrows) {
    EXPECT_EQ(run({"throw"}), 1);
    EXPECT_EQ(err.str(), "infra: boom\n");
}

TEST_F(Command, SuggestsTheNearestVerbWithoutRunningIt) {
    EXPECT_EQ(run({"verison"}), 2);
    EXPECT_NE(err.str().find("there is no command 'verison'; did you mean 'version'?"), std::string::npos) << err.str();
    EXPECT_EQ(out.str(), "");
    EXPECT_EQ(run({"xyzzy"}), 2);
    EXPECT_EQ(err.str().find("did you mean"), std::string::npos);
}

TEST_F(Command, SuggestsTheNearestOptionWherever) {
    EXPECT_EQ(run({"version", "--jsno"}), 2);
    EXPECT_EQ(
        err.str(),
        "infra: there is no option '--jsno'; did you mean '--json'? (infra version --help shows what there is)\n");
    EXPECT_EQ(run({"box", "open", "--ulr=here"}), 2);
    EXPECT_NE(err.str().find("there is no option '--ulr'; did you mean '--url'?"), std::string::npos) << err.str();
    EXPECT_EQ(run({"box", "open", "--", "-x"}), 2);
    EXPECT_EQ(err.str().find("did you mean"), std::string::npos) << err.str();
}

TEST_F(Command, HasVerbsInGroupsThatShareOptions) {
    EXPECT_EQ(run({"box", "open", "--url", "here"}), 0);
    EXPECT_EQ(out.str(), "opened here\n");
    EXPECT_EQ(run({"box", "--url", "there", "open"}), 0);
    EXPECT_EQ(out.str(), "opened there\n");
    EXPECT_EQ(run({"box"}), 2);
    EXPECT_NE(err.str().find("(infra box --help shows what there is)"), std::string::npos) << err.str();
    EXPECT_EQ(run({"box", "--url", "here", "opeen"}), 2);
    EXPECT_NE(err.str().find("there is no command 'box opeen'; did you mean 'open'?"), std::string::npos) << err.str();
}

TEST_F(Command, WrongUsageIsTwo) {
    EXPECT_EQ(run({}), 2);
    EXPECT_EQ(run({"version", "--nonsense"}), 2);
    EXPECT_NE(err.str().find("--nonsense"), std::string::npos) << err.str();
}

TEST_F(Command, HelpShowsExamplesAndSucceeds) {
    EXPECT_EQ(run({"--help"}), 0);
    EXPECT_NE(out.str().find("Exit codes"), std::string::npos);
    EXPECT_EQ(run({"version", "--help"}), 0);
    EXPECT_NE(out.str().find("infra version --json"), std::string::npos) << out.str();
}

TEST(Nearest, IsWithinAThirdOfTheWord) {
    const std::vector<std::string> known{"health", "version", "queue"};
    EXPECT_EQ(nearest("helth", known), "health");
    EXPECT_EQ(nearest("queu", known), "queue");
    EXPECT_EQ(nearest("qeueu", {"queue"}), "") << "two changes";
    EXPECT_EQ(nearest("gte", {"get", "set"}), "get");
    EXPECT_EQ(nearest("cache", known), "");
    EXPECT_EQ(nearest("health", {}), "");
}

} // namespace
} // namespace infra::cli
