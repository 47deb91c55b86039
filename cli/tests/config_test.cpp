#include "src/config_docs.hpp"
#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/app/dotenv.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace infra::cli {
namespace {

// --- What is written down -----------------------------------------------------------------------------------------

std::size_t times(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++found;
    return found;
}

TEST(ConfigDocs, KeepAModuleTogether) {
    std::set<std::string_view> done;
    std::string_view now;
    for (const auto* each : settings_of()) {
        if (each->module != now)
            EXPECT_TRUE(done.insert(each->module).second) << each->module << " comes twice";
        now = each->module;
    }
    EXPECT_EQ(settings_of().size(), app::known_settings().size());
    EXPECT_TRUE(settings_of("no such module").empty());
}

TEST(ConfigDocs, AreTablesOfMarkdown) {
    const auto text = markdown_of(settings_of());
    for (const auto& each : app::known_settings())
        EXPECT_EQ(times(text, "\n| `" + std::string(each.name) + "` | "), 1u) << each.name;
    EXPECT_EQ(times(text, "\n### queue\n\n| variable |"), 1u);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with('|'))
            EXPECT_EQ(std::ranges::count(std::regex_replace(line, std::regex(R"(\\\|)"), ""), '|'), 5) << line;
    EXPECT_TRUE(markdown_of(settings_of("queue")).starts_with("| variable |")) << "one module needs no name";
    EXPECT_NE(
        text.find("| `PORT` | The port to listen on; 0 takes any free one. | a whole number from 0 to 65535, such as "
                  "`8080` | `3000` |\n"),
        std::string::npos)
        << text;
}

TEST(ConfigDocs, AreADotenvFileToFillIn) {
    const auto text = dotenv_of(settings_of());
    EXPECT_TRUE(app::parse_dotenv(text).values.all().empty()) << "as it is, it says nothing";
    const auto filled_in = app::parse_dotenv(std::regex_replace(text, std::regex("(^|\n)# ([A-Za-z0-9_]+=)"), "$1$2"));
    EXPECT_EQ(filled_in.problems, std::vector<std::string>{});
    for (const auto& each : app::known_settings()) {
        EXPECT_EQ(filled_in.values.all().contains(each.name), !each.reserved_for_cli && !each.set_by_others)
            << each.name;
        const auto said = each.secret ? "" : each.example.empty() ? each.fallback : each.example;
        EXPECT_EQ(filled_in.values.get_or(each.name, ""), each.reserved_for_cli || each.set_by_others ? "" : said);
    }
}

// --- The verbs ----------------------------------------------------------------------------------------------------

struct ConfigCommand : ::testing::Test {
    std::string path() const { return folder.path() + "/service.env"; }

    int run(std::vector<std::string> words) {
        out.str("");
        err.str("");
        words.insert(words.begin(), "config");
        frame f(out, err);
        add_config(f);
        return f.run(std::move(words));
    }
    /// With the file's variables alone, whatever the test was started with.
    int run(const std::string& verb, const std::string& env, const std::vector<std::string>& more = {}) {
        std::ofstream(path(), std::ios::binary) << env;
        std::vector<std::string> words{verb, "--ignore-environment", "--env-file", path()};
        words.insert(words.end(), more.begin(), more.end());
        return run(words);
    }
    boost::json::value document() const { return boost::json::parse(out.str()); }

    testing::temporary_folder folder;
    std::ostringstream out, err;
};

TEST_F(ConfigCommand, TellsAllThatIsWrongAtOnceAndWhatToDo) {
    EXPECT_EQ(run("check", "PORT=many\nS3_BUCKET=photos\nQUEUE_ULR=redis://h\nno variable\n"), 1);
    const auto text = out.str();
    EXPECT_NE(text.find("problem  " + path() + ":4: expected NAME=value\n"), std::string::npos) << text;
    EXPECT_NE(text.find("problem  PORT: expected a whole number from 0 to 65535\n"
                        "         The port to listen on; 0 takes any free one. Such as PORT=8080. Default: 3000\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("S3_ACCESS_KEY_ID"), std::string::npos) << text;
    EXPECT_NE(text.find("warning  QUEUE_ULR is not read by anything; did you mean QUEUE_URL?\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("3 problems, 1 warning; a service does not start with this\n"), std::string::npos) << text;
    EXPECT_EQ(err.str(), "");
}

TEST_F(ConfigCommand, IsContentWithWhatIsRight) {
    EXPECT_EQ(run("check", "PORT=8080\n"), 0);
    EXPECT_EQ(out.str(), "nothing is wrong; 1 variable of infra's is set\n");
}

TEST_F(ConfigCommand, StartsWithWarningsUnlessItIsStrict) {
    EXPECT_EQ(run("check", "INFRA_COLOUR=blue\n"), 0);
    EXPECT_NE(out.str().find("warning  INFRA_COLOUR is not read by anything"), std::string::npos) << out.str();
    EXPECT_EQ(run("check", "INFRA_COLOUR=blue\n", {"--strict"}), 1);
    EXPECT_EQ(run("check", "PORT=8080\n", {"--strict"}), 0);
}

TEST_F(ConfigCommand, ChecksInJson) {
    EXPECT_EQ(run("check", "PORT=many\n", {"--json"}), 1);
    const auto said = document();
    EXPECT_FALSE(said.at("ok").as_bool());
    EXPECT_EQ(said.at("problems").at(0).at("variable").as_string(), "PORT");
    EXPECT_EQ(said.at("problems").at(0).at("form").as_string(), "a whole number from 0 to 65535");
    EXPECT_TRUE(said.at("warnings").as_array().empty());
    EXPECT_EQ(said.at("set").to_number<int>(), 1);
    EXPECT_EQ(said.at("file").as_string(), path());
}

TEST_F(ConfigCommand, ShowsWhatCountsAndNoSecret) {
    ASSERT_EQ(run("show", "PORT=8080\nHEALTH_TOKEN=hunter2hunter2\nREDIS_URL=redis://user:hunter2@cache:6379/1\n"), 0)
        << err.str();
    const auto text = out.str();
    EXPECT_TRUE(std::regex_search(text, std::regex("PORT +" + path() + " +8080\n"))) << text;
    EXPECT_TRUE(std::regex_search(text, std::regex("HEALTH_TOKEN +" + path() + " +\\(set\\)\n"))) << text;
    EXPECT_TRUE(std::regex_search(text, std::regex("REDIS_URL +" + path() + " +redis://cache:6379/1\n"))) << text;
    EXPECT_TRUE(std::regex_search(text, std::regex("HOST +default +127.0.0.1\n"))) << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos);
    EXPECT_EQ(text.find("S3_BUCKET"), std::string::npos) << "nothing counts there";
}

TEST_F(ConfigCommand, ShowsWhatOneAsksFor) {
    ASSERT_EQ(run("show", "PORT=8080\n", {"--set"}), 0);
    EXPECT_EQ(std::ranges::count(out.str(), '\n'), 2) << out.str();
    ASSERT_EQ(run("show", "PORT=many\n", {"PORT", "S3_BUCKET", "--json"}), 0);
    const auto shown = document().at("settings").as_array();
    ASSERT_EQ(shown.size(), 2u);
    EXPECT_EQ(shown[0].at("name").as_string(), "PORT");
    EXPECT_EQ(shown[0].at("problem").as_string(), "PORT: expected a whole number from 0 to 65535");
    EXPECT_TRUE(shown[1].at("value").is_null());
    ASSERT_EQ(run("show", "", {"--all", "--json"}), 0);
    EXPECT_EQ(document().at("settings").as_array().size(), app::known_settings().size());
    EXPECT_EQ(run("show", "", {"PROT"}), 3);
    EXPECT_EQ(err.str(), "infra: nothing reads 'PROT'; did you mean PORT?\n");
    EXPECT_EQ(run("show", "", {"--module", "quark"}), 3);
}

TEST_F(ConfigCommand, SaysSoWhereThereIsNoSuchFile) {
    EXPECT_EQ(run({"check", "--env-file", folder.path() + "/none.env"}), 3);
    EXPECT_EQ(err.str(), "infra: there is no file " + folder.path() + "/none.env to read variables from\n");
}

TEST_F(ConfigCommand, ReadsAFileBeneathTheProcess) {
    ::setenv("STORAGE_URL", "memory:", 1);
    ::setenv("APP_ENV", "production", 1); // a file that was named is read all the same
    std::ofstream(path()) << "STORAGE_URL=file:elsewhere\nCACHE_URL=memory:\n";
    EXPECT_EQ(run({"show", "STORAGE_URL", "CACHE_URL", "--json", "--env-file", path()}), 0);
    ::unsetenv("STORAGE_URL");
    ::unsetenv("APP_ENV");
    const auto shown = document().at("settings");
    for (const auto& each : shown.as_array())
        EXPECT_EQ(each.at("from").as_string(), each.at("name").as_string() == "CACHE_URL" ? path() : "environment");
}

TEST_F(ConfigCommand, WritesEachFormOfItsDocumentation) {
    ASSERT_EQ(run({"docs"}), 0);
    EXPECT_EQ(out.str(), markdown_of(settings_of()));
    ASSERT_EQ(run({"docs", "--module", "queue", "--format", "env"}), 0);
    EXPECT_EQ(out.str(), dotenv_of(settings_of("queue")));
    for (const auto& words : {std::vector<std::string>{"docs", "--json"}, {"docs", "--format", "json"}}) {
        ASSERT_EQ(run(words), 0);
        EXPECT_EQ(document().at("settings").as_array().size(), app::known_settings().size());
    }
    EXPECT_EQ(run({"docs", "--module", "quark"}), 3);
    EXPECT_EQ(run({"docs", "--format", "pdf"}), 2);
}

} // namespace
} // namespace infra::cli
