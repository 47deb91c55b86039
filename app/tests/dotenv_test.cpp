#include <infra/app/dotenv.hpp>

#include "tests/test_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

namespace infra::app {
namespace {

using variables = environment::variables;
using texts = std::vector<std::string>;

TEST(Dotenv, ReadsOneVariableALine) {
    const std::pair<const char*, variables> cases[] = {
        {"", {}},
        {"A=1", {{"A", "1"}}},
        {"A=1\nB=two words \n", {{"A", "1"}, {"B", "two words"}}},
        {"\xef\xbb\xbf"
         "A=1\r\nB=2\r\n",
         {{"A", "1"}, {"B", "2"}}},
        {"  export A = 1  \nexport\tB=2", {{"A", "1"}, {"B", "2"}}},
        {"A=\nB=''\nC=\"\"", {{"A", ""}, {"B", ""}, {"C", ""}}},
        {"A=1\nA=2", {{"A", "2"}}},
        {"A=b=c", {{"A", "b=c"}}},
    };
    for (const auto& [text, expected] : cases) {
        const auto read = parse_dotenv(text);
        EXPECT_EQ(read.values.all(), expected) << text;
        EXPECT_EQ(read.problems, texts()) << text;
    }
}

TEST(Dotenv, LeavesCommentsOut) {
    const auto read = parse_dotenv("# all\n  # of it\nA=1 # one\nB=a#b\nC=\"a # b\" # c\nD=# nothing\nE='#'#x\n");
    EXPECT_EQ(read.values.all(), (variables{{"A", "1"}, {"B", "a#b"}, {"C", "a # b"}, {"D", ""}, {"E", "#"}}));
    EXPECT_EQ(read.problems, texts());
}

TEST(Dotenv, ReadsQuotes) {
    const std::pair<const char*, const char*> cases[] = {
        {R"('a\n"b" ')", R"(a\n"b" )"},
        {R"("a\n\t\"b\\ \$c \d")", "a\n\t\"b\\ $c \\d"},
        {R"(`it's "x"`)", R"(it's "x")"},
        {"\"two\nlines\"", "two\nlines"},
        {"'-----BEGIN\nx\n-----END'", "-----BEGIN\nx\n-----END"},
    };
    for (const auto& [text, expected] : cases)
        EXPECT_EQ(parse_dotenv("A=" + std::string(text) + "\nB=1").values.all(),
                  (variables{{"A", expected}, {"B", "1"}}));
}

TEST(Dotenv, RunsAndExpandsNothing) {
    for (const char* text : {"$(id)", "`id", "$HOME", "${HOME}", "$(rm -rf /)"})
        if (*text != '`')
            for (const std::string quote : {"", "'", "\""})
                EXPECT_EQ(parse_dotenv("A=" + quote + text + quote).values.get("A"), text);
}

TEST(Dotenv, TellsWhereAMistakeIsAndNeverWhatStandsThere) {
    const std::pair<const char*, const char*> cases[] = {
        {"A=1\ns3cret\nB=2", ".env:2: expected NAME=value"},
        {"A=1\n\n1A=s3cret\nB=2", ".env:3: expected NAME=value"},
        {"A=1\nA B=s3cret\nB=2", ".env:2: expected NAME=value"},
        {"A=1\nB=\"2\n\"\nC='s3cret", ".env:4: the quote is not closed"},
        {"A=1\nB=\"2\n\" s3cret\n", ".env:3: expected nothing behind the closing quote"},
        {"A=1\n=s3cret\nB=2", ".env:2: expected NAME=value"},
    };
    for (const auto& [text, problem] : cases) {
        const auto read = parse_dotenv(text);
        EXPECT_EQ(read.problems, texts{problem}) << text;
        EXPECT_EQ(read.values.get("A"), "1") << "what is right counts";
    }
    EXPECT_EQ(parse_dotenv("x\ny\nA=1").problems.size(), 2u) << "all of them are told";
    EXPECT_EQ(parse_dotenv(std::string_view("A=\0", 3)).problems, texts{".env: is no text"});
}

struct DotenvFile : testing::Test {
    std::string path() const { return (folder / ".env").string(); }
    void write(const std::string& text) const { std::ofstream(path(), std::ios::binary) << text; }

    test_folder folder;
};

TEST_F(DotenvFile, CountsUnlessTheServiceRunsInProduction) {
    EXPECT_EQ(read_dotenv({}, path()).values.all(), variables()) << "there is none";
    write("PORT=81\n");
    const std::pair<variables, bool> cases[] = {
        {{}, true},
        {{{"APP_ENV", "test"}}, true},
        {{{"APP_ENV", "production"}}, false},
        {{{"NODE_ENV", "production"}}, false},
        {{{"APP_ENV", "development"}, {"NODE_ENV", "production"}}, true},
    };
    for (const auto& [process, is_read] : cases)
        EXPECT_EQ(read_dotenv(environment(process), path()).values.has("PORT"), is_read);
}

TEST_F(DotenvFile, HasToBeThereWhereSomebodyNamesIt) {
    EXPECT_EQ(read_env_file(path()).problems.size(), 1u);
    write("APP_ENV=production\nPORT=81\n");
    EXPECT_EQ(read_env_file(path()).values.get("PORT"), "81") << "also in production";
}

TEST_F(DotenvFile, IsBoundedAndAFile) {
    write("A=" + std::string(64 * 1024, 'x'));
    EXPECT_EQ(read_dotenv({}, path()).problems, texts{path() + ": is larger than 64 KiB"});
    std::filesystem::remove(path());
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    EXPECT_EQ(read_dotenv({}, path()).problems.size(), 1u) << "nobody waits for a pipe";
    std::filesystem::remove(path());
    std::filesystem::create_directory(path());
    EXPECT_EQ(read_dotenv({}, path()).problems.size(), 1u);
}

} // namespace
} // namespace infra::app
