#include "src/frame.hpp"
#include "src/storage_verbs.hpp"
#include "src/verbs.hpp"

#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <sys/stat.h>

namespace infra::cli {
namespace {

std::string contents_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

awaitable<std::string> begin(storage::storage files, std::string key) {
    const auto begun = co_await files.begin_upload(std::move(key));
    co_return begun.token();
}

struct StorageCommand : ::testing::Test {
    StorageCommand() {
        for (const auto* each : {"STORAGE_URL", "STORAGE_URL_FILE", "S3_BUCKET", "STORAGE_PUBLIC_URL", "HOST", "PORT"})
            ::unsetenv(each);
        std::filesystem::create_directory(path("box"));
        write("hello.txt", "hello");
    }

    std::string path(const std::string& name) const { return folder.path() + "/" + name; }
    void write(const std::string& name, std::string_view text) const {
        std::ofstream(path(name), std::ios::binary) << text;
    }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        const int code = run_on(std::move(words), to, problems);
        out = to.str();
        err = problems.str();
        return code;
    }
    int run_on(std::vector<std::string> words, std::ostream& to, std::ostream& problems) const {
        frame f(to, problems);
        add_storage(f);
        words.insert(words.begin(), "storage");
        if (std::ranges::find(words, "--url") == words.end())
            words.insert(words.end(), {"--url", "file:" + path("box")});
        return f.run(std::move(words));
    }
    int run_with_input(const std::string& input, std::vector<std::string> words) {
        std::istringstream given(input);
        auto* const before = std::cin.rdbuf(given.rdbuf());
        const int code = run(std::move(words));
        std::cin.rdbuf(before);
        std::cin.clear();
        return code;
    }
    void put(const std::string& key, const std::string& bytes = "x") {
        write("given", bytes);
        ASSERT_EQ(run({"put", path("given"), key}), 0) << err;
    }
    json::value document() const { return boost::json::parse(out); }

    testing::temporary_folder folder;
    std::string out, err;
};

// --- put and get --------------------------------------------------------------------------------------------------

TEST_F(StorageCommand, PutsAFileAndGetsItBack) {
    ASSERT_EQ(run({"put", path("hello.txt"), "greetings/first.txt"}), 0) << err;
    EXPECT_EQ(out, "greetings/first.txt, 5 B\n");
    ASSERT_EQ(run({"get", "greetings/first.txt", path("back.txt")}), 0) << err;
    EXPECT_EQ(out, path("back.txt") + ", 5 B\n");
    EXPECT_EQ(contents_of(path("back.txt")), "hello");
    EXPECT_EQ(err, "") << "a bar is for terminals";
}

TEST_F(StorageCommand, PutsUnderTheFilesNameBehindASlash) {
    ASSERT_EQ(run({"put", path("hello.txt"), "in/"}), 0) << err;
    EXPECT_EQ(out, "in/hello.txt, 5 B\n");
    ASSERT_EQ(run({"get", "in/hello.txt", path("box")}), 0) << err;
    EXPECT_EQ(contents_of(path("box/hello.txt")), "hello");
}

TEST_F(StorageCommand, PutsTheStandardInputAndGetsToTheStandardOutput) {
    const std::string large(3 << 20, 'z');
    ASSERT_EQ(run_with_input(large, {"put", "-", "large.bin"}), 0) << err;
    ASSERT_EQ(run({"get", "large.bin", "-"}), 0) << err;
    EXPECT_TRUE(out == large);
    EXPECT_EQ(run_with_input("x", {"put", "-", "in/"}), 2);
}

TEST_F(StorageCommand, PutsWithWhatIsSaidOfTheFile) {
    ASSERT_EQ(run({"put", path("hello.txt"), "a.bin", "--type", "image/png", "--cache-control", "no-store",
                   "--metadata", "user=42", "--metadata", "note=a=b"}),
              0)
        << err;
    ASSERT_EQ(run({"head", "a.bin", "--json"}), 0) << err;
    EXPECT_EQ(document().at("content_type"), "image/png");
    EXPECT_EQ(document().at("cache_control"), "no-store");
    EXPECT_EQ(document().at("metadata").at("user"), "42");
    EXPECT_EQ(document().at("metadata").at("note"), "a=b");
    EXPECT_EQ(run({"put", path("hello.txt"), "b", "--metadata", "nothing"}), 2);
}

TEST_F(StorageCommand, PutsWithTheChecksumThatIsAskedFor) {
    ASSERT_EQ(run({"put", path("hello.txt"), "a", "--checksum", "sha256"}), 0) << err;
    ASSERT_EQ(run({"head", "a", "--json"}), 0) << err;
    const auto sum = std::string(document().at("checksum_sha256").as_string());
    EXPECT_EQ(sum.size(), 44u);
    ASSERT_EQ(run({"head", "a"}), 0) << err;
    EXPECT_NE(out.find("sha256 " + sum), std::string::npos) << out;
    EXPECT_EQ(run({"put", path("hello.txt"), "a", "--checksum", "md5"}), 2);
    EXPECT_NE(err.find("sha256"), std::string::npos) << err;
}

TEST_F(StorageCommand, PutsOnlyWhatIsNotThere) {
    ASSERT_EQ(run({"put", path("hello.txt"), "a", "--if-absent"}), 0) << err;
    EXPECT_EQ(run({"put", path("hello.txt"), "a", "--if-absent"}), 1);
    EXPECT_NE(err.find("a"), std::string::npos) << err;
}

TEST_F(StorageCommand, SaysWhatCannotBePut) {
    EXPECT_NE(run({"put", path("box"), "a"}), 0) << "a directory is no file";
    EXPECT_NE(err.find("regular file"), std::string::npos) << err;
    EXPECT_NE(run({"put", path("nowhere"), "a"}), 0);
    EXPECT_NE(err.find("nowhere"), std::string::npos) << err;
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    EXPECT_NE(run({"put", path("pipe"), "a"}), 0) << "and does not wait for a writer";
    EXPECT_EQ(run({"put", path("hello.txt"), "../up"}), 2);
    EXPECT_EQ(run({"put", path("hello.txt")}), 2);
    EXPECT_EQ(run({"head", "a"}), 3);
}

TEST_F(StorageCommand, GetsNothingWhereNothingIs) {
    EXPECT_EQ(run({"get", "none", path("back")}), 3);
    EXPECT_NE(err.find("none"), std::string::npos) << err;
    EXPECT_FALSE(std::filesystem::exists(path("back")));
    EXPECT_EQ(run({"get", "none", "-"}), 3);
    EXPECT_EQ(out, "");
}

TEST_F(StorageCommand, SaysThatTheOutputIsClosed) {
    put("a", std::string(3 << 20, 'a'));
    std::ostringstream closed, problems;
    closed.setstate(std::ios::failbit);
    EXPECT_EQ(run_on({"get", "a", "-"}, closed, problems), 1);
    EXPECT_EQ(run_on({"ls"}, closed, problems), 1);
    EXPECT_NE(problems.str().find("cannot write to the standard output"), std::string::npos);
}

TEST_F(StorageCommand, GoesOnWithADownload) {
    put("a", "hello");
    ASSERT_EQ(run({"get", "a", path("back"), "--resume", "--json"}), 0) << err;
    EXPECT_EQ(document().at("key"), "a");
    EXPECT_EQ(document().at("file").as_string(), path("back"));
    EXPECT_EQ(contents_of(path("back")), "hello");
}

// --- ls -----------------------------------------------------------------------------------------------------------

TEST_F(StorageCommand, ListsOneLevelOrAll) {
    for (const auto* key : {"b", "a/1", "a/2", "a!"})
        put(key);
    ASSERT_EQ(run({"ls"}), 0) << err;
    EXPECT_EQ(out, "a!\na/\nb\n");
    ASSERT_EQ(run({"ls", "-r"}), 0) << err;
    EXPECT_EQ(out, "a!\na/1\na/2\nb\n");
    ASSERT_EQ(run({"ls", "a/"}), 0) << err;
    EXPECT_EQ(out, "a/1\na/2\n");
    ASSERT_EQ(run({"ls", "--prefix", "a"}), 0) << err;
    EXPECT_EQ(out, "a!\na/\n");
    ASSERT_EQ(run({"ls", "--limit", "2"}), 0) << err;
    EXPECT_EQ(out, "a!\na/\n");
    EXPECT_NE(err.find("--after=a/"), std::string::npos) << err;
    ASSERT_EQ(run({"ls", "none/"}), 0);
    EXPECT_EQ(out, "");
    EXPECT_NE(err.find("nothing"), std::string::npos) << err;
}

TEST_F(StorageCommand, ListsSizesForPeopleAndPrograms) {
    put("a", std::string(12'595, 'x'));
    ASSERT_EQ(run({"ls", "--long"}), 0) << err;
    EXPECT_NE(out.find("12.3 KiB"), std::string::npos) << out;
    ASSERT_EQ(run({"ls", "--long", "--bytes"}), 0) << err;
    EXPECT_NE(out.find("12595"), std::string::npos) << out;
    ASSERT_EQ(run({"ls", "--json"}), 0) << err;
    EXPECT_EQ(document().at("objects").at(0).at("key"), "a");
    EXPECT_EQ(document().at("objects").at(0).at("size"), 12'595);
    EXPECT_TRUE(document().at("next").is_null());
}

// --- rm and cp ----------------------------------------------------------------------------------------------------

TEST_F(StorageCommand, RemovesSeveral) {
    for (const auto* key : {"a", "b", "c"})
        put(key);
    ASSERT_EQ(run({"rm", "a", "b", "never"}), 0) << err;
    EXPECT_EQ(out, "3 keys removed or not there\n") << "a store does not tell";
    ASSERT_EQ(run({"rm", "never"}), 0) << err;
    EXPECT_EQ(out, "1 key removed or not there\n");
    ASSERT_EQ(run({"ls"}), 0);
    EXPECT_EQ(out, "c\n");
}

TEST_F(StorageCommand, RemovesAllThatBeginsSoIfThatIsMeant) {
    for (const auto* key : {"tmp/1", "tmp/2/3", "tmq"})
        put(key);
    EXPECT_EQ(run({"rm", "--prefix", "tmp/"}), 2);
    EXPECT_NE(err.find("--yes"), std::string::npos) << err;
    ASSERT_EQ(run({"rm", "--prefix", "tmp/", "--yes", "--json"}), 0) << err;
    EXPECT_EQ(document().at("gone"), 2);
    put("tmp/1");
    ASSERT_EQ(run({"rm", "--prefix", "tmp/", "--yes"}), 0) << err;
    EXPECT_EQ(out, "1 key removed\n");
    ASSERT_EQ(run({"ls", "-r"}), 0);
    EXPECT_EQ(out, "tmq\n");
    EXPECT_EQ(run({"rm"}), 2);
    EXPECT_EQ(run({"rm", "a", "--prefix", "b", "--yes"}), 2);
}

TEST_F(StorageCommand, CopiesInTheStore) {
    put("a", "hello");
    ASSERT_EQ(run({"cp", "a", "b/c"}), 0) << err;
    ASSERT_EQ(run({"get", "b/c", "-"}), 0) << err;
    EXPECT_EQ(out, "hello");
    EXPECT_EQ(run({"cp", "a", "b/c", "--if-absent"}), 1);
    EXPECT_EQ(run({"cp", "none", "d"}), 3);
}

// --- head and sign ------------------------------------------------------------------------------------------------

TEST_F(StorageCommand, TellsWhatItKnowsOfAnObject) {
    ASSERT_EQ(run({"put", path("hello.txt"), "a.txt", "--metadata", "user=42"}), 0) << err;
    ASSERT_EQ(run({"head", "a.txt"}), 0) << err;
    for (const auto* each : {"a.txt", "5 B", "text/plain", "crc32c mnG7TA==", "user=42"})
        EXPECT_NE(out.find(each), std::string::npos) << each << "\n" << out;
    EXPECT_EQ(run({"head", "none"}), 3);
}

TEST_F(StorageCommand, PrintsTheUrlAlone) {
    put("a b.txt");
    ASSERT_EQ(run({"sign", "a b.txt", "--expires", "600"}), 0) << err;
    EXPECT_TRUE(out.starts_with("http://127.0.0.1:3000/storage/a%20b.txt?")) << out;
    EXPECT_NE(out.find("X-Amz-Expires=600"), std::string::npos) << out;
    EXPECT_EQ(std::ranges::count(out, '\n'), 1);
    EXPECT_EQ(err, "");
}

TEST_F(StorageCommand, TellsWhatIsToBeSentAlong) {
    ASSERT_EQ(run({"sign", "a.png", "--method", "put", "--type", "image/png", "--expires", "15m"}), 0) << err;
    EXPECT_NE(out.find("X-Amz-Expires=900"), std::string::npos) << out;
    EXPECT_NE(err.find("image/png"), std::string::npos) << err;
    ASSERT_EQ(run({"sign", "a.png", "--method", "PUT", "--type", "image/png", "--json"}), 0) << err;
    EXPECT_EQ(document().at("headers").at("Content-Type"), "image/png");
    EXPECT_EQ(document().at("expires_in"), 3600);
}

TEST_F(StorageCommand, RefusesWhatCannotBeSigned) {
    for (const auto* expires : {"0", "604801", "8d", "soon", "-1"})
        EXPECT_EQ(run({"sign", "a", "--expires=" + std::string(expires)}), 2) << expires;
    EXPECT_EQ(run({"sign", "a", "--method", "PATCH"}), 2);
    EXPECT_EQ(run({"sign"}), 2);
}

// --- verify and sweep ---------------------------------------------------------------------------------------------

TEST_F(StorageCommand, TriesAStoreOut) {
    ASSERT_EQ(run({"verify", "--no-urls"}), 0) << out << err;
    EXPECT_NE(out.find("conditional create"), std::string::npos) << out;
    EXPECT_NE(out.find("works"), std::string::npos) << out;
    ASSERT_EQ(run({"verify", "--no-urls", "--json"}), 0) << err;
    EXPECT_EQ(document().at("usable"), true);
    ASSERT_EQ(run({"ls", "-r"}), 0);
    EXPECT_EQ(out, "") << "the probes are gone";
}

TEST_F(StorageCommand, SweepsWhatIsOld) {
    const auto url = "file:" + path("box");
    const environment env;
    const auto files = open_storage({.url = url}, storage_opening::existing, env);
    wait(begin(files, "a"));
    ASSERT_EQ(run({"sweep"}), 0) << err;
    EXPECT_EQ(out, "0 uploads aborted, 0 leavings removed\n");
    ASSERT_EQ(run({"sweep", "--older-than", "0s", "--json"}), 0) << err;
    EXPECT_EQ(document().at("uploads"), 1);
    EXPECT_EQ(run({"sweep", "--older-than", "old"}), 2);
    for (const auto* key : {"staged/a", "taken/b"})
        ASSERT_EQ(run({"put", path("hello.txt"), key}), 0) << err;
    ASSERT_EQ(run({"sweep", "--staged", "staged/", "--older-than", "0s"}), 0) << err;
    EXPECT_EQ(out, "0 uploads aborted, 0 leavings removed, 1 staged objects removed\n");
    EXPECT_EQ(run({"head", "staged/a"}), 3);
    EXPECT_EQ(run({"head", "taken/b"}), 0);
}

TEST_F(StorageCommand, ListsWhatASweepWouldAbort) {
    const environment env;
    const auto files = open_storage({.url = "file:" + path("box")}, storage_opening::existing, env);
    wait(begin(files, "a"));
    ASSERT_EQ(run({"sweep", "--dry-run"}), 0);
    EXPECT_EQ(err, "infra: no upload is unfinished for so long\n");
    ASSERT_EQ(run({"sweep", "--dry-run", "--older-than", "0s", "--json"}), 0) << err;
    ASSERT_EQ(document().at("uploads").as_array().size(), 1u);
    EXPECT_EQ(document().at("uploads").at(0).at("key"), "a");
    ASSERT_EQ(run({"sweep", "--dry-run", "--older-than", "0s"}), 0) << err;
    EXPECT_TRUE(out.starts_with("BEGUN ")) << out;
    EXPECT_EQ(run({"sweep", "--dry-run", "--staged", "in/"}), 2);
    ASSERT_EQ(run({"sweep", "--older-than", "0s", "--json"}), 0) << err;
    EXPECT_EQ(document().at("uploads"), 1) << "it was there still";
}

// --- Where --------------------------------------------------------------------------------------------------------

TEST_F(StorageCommand, LooksForAStoreWithoutMakingOne) {
    const auto nowhere = "file:" + path("nowhere");
    EXPECT_EQ(run({"ls", "--url", nowhere}), 3);
    EXPECT_NE(err.find("STORAGE_URL"), std::string::npos) << err;
    EXPECT_FALSE(std::filesystem::exists(path("nowhere")));
    ASSERT_EQ(run({"put", path("hello.txt"), "a", "--url", nowhere}), 0) << err;
    EXPECT_EQ(run({"head", "a", "--url", nowhere}), 0) << err;
}

TEST_F(StorageCommand, RefusesWhatIsNoPlace) {
    EXPECT_EQ(run({"ls", "--url", "memory:"}), 2);
    EXPECT_EQ(run({"ls", "--url", "ftp://host"}), 2);
    EXPECT_EQ(run({"ls", "--url", "file:"}), 2);
    EXPECT_NE(err.find("file: needs a directory behind it"), std::string::npos) << err;
    EXPECT_EQ(run({"ls", "--url", "s3://key:secret@bucket"}), 2);
    EXPECT_EQ((out + err).find("secret"), std::string::npos) << err;
    EXPECT_EQ(run({"ls", "--timeout", "soon"}), 2);
}

TEST_F(StorageCommand, TakesThePlaceFromTheEnvironment) {
    put("a", "hello");
    ::setenv("STORAGE_URL", ("file:" + path("box")).c_str(), 1);
    std::ostringstream to, problems;
    frame f(to, problems);
    add_storage(f);
    EXPECT_EQ(f.run({"storage", "ls"}), 0) << problems.str();
    EXPECT_EQ(to.str(), "a\n");
    ::unsetenv("STORAGE_URL");
}

// --- For people ---------------------------------------------------------------------------------------------------

TEST(StorageCommandSizes, AreShownInPowersOf1024) {
    const std::pair<std::uint64_t, const char*> table[] = {
        {0, "0 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {12'595, "12.3 KiB"},
        {(1 << 20) - 1, "1.0 MiB"},
        {1 << 20, "1.0 MiB"},
        {5ull << 40, "5.0 TiB"},
        {~0ull, "16.0 EiB"},
    };
    for (const auto& [bytes, text] : table)
        EXPECT_EQ(shown_size(bytes), text);
}

} // namespace
} // namespace infra::cli
