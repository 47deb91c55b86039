// A process that is killed at any moment while it puts, uploads and removes: what is there is what was before or what comes after, whole.

#include "changes.hpp"
#include "child.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/support.hpp"

#include <infra/storage/file.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <thread>

namespace infra::storage {
namespace {

namespace fs = std::filesystem;

std::size_t files_below(const fs::path& directory) {
    std::size_t count = 0;
    for (const auto& each : fs::recursive_directory_iterator(directory))
        count += each.is_regular_file();
    return count;
}

class FileCrash : public ::testing::Test {
protected:
    /// The round whose bytes are there; empty where nothing is. Everything that is known of them must be of that round.
    std::optional<int> round_of(const std::string& key) {
        const auto object = loop.run(files->get({.key = key}, deadline::never()));
        if (object->failure) {
            EXPECT_EQ(object->code(), errc::not_found) << object->what();
            return std::nullopt;
        }
        const auto info = object->value->info;
        const auto bytes = loop.get(all_of(*object->value));
        const int round = std::stoi(info.metadata.at("round"));
        EXPECT_TRUE(bytes == change_of(round).bytes) << key << " is a mix";
        EXPECT_EQ(info.size, bytes.size());
        EXPECT_EQ(info.checksum, checksum_of(bytes));
        return round;
    }

    static std::optional<int> after(int round) {
        return change_of(round).how == change_by::removing ? std::nullopt : std::optional(round);
    }

    temporary_folder folder;
    testing::test_loop loop;
    const fs::path directory = folder / "store";
    std::shared_ptr<bucket> files = make_file_bucket({.directory = directory});
};

TEST_F(FileCrash, LeavesTheOldObjectOrTheNewAfterTwoHundredKills) {
    std::map<std::string, int> rounds; // the last that is said to be done, by key
    int next = 0, overtaken = 0;
    for (int kill = 0; kill < 200; ++kill) {
        {
            child victim({directory.string(), "change", std::to_string(next)});
            for (auto lines = random_u64() % 4 + 1; lines > 0; --lines) {
                const auto line = victim.line();
                ASSERT_FALSE(line.empty());
                rounds[change_of(std::stoi(line)).key] = std::stoi(line);
                next = std::stoi(line) + 1;
            }
            std::this_thread::sleep_for(std::chrono::microseconds(random_u64() % 8'000)); // a moment that no test chose
            victim.kill();
            for (const auto& line : victim.all_lines()) {
                rounds[change_of(std::stoi(line)).key] = std::stoi(line);
                next = std::stoi(line) + 1;
            }
        }
        const auto in_work = change_of(next).key;
        files = make_file_bucket({.directory = directory});
        for (const auto& [key, last] : rounds) {
            const auto found = round_of(key);
            const bool is_new = key == in_work && found == after(next) && found != after(last);
            overtaken += is_new;
            EXPECT_TRUE(is_new || found == after(last)) << key << " after round " << last << ", kill " << kill;
        }
        ASSERT_FALSE(HasFailure());
        ASSERT_EQ(files_below(directory / ".infra/tmp"), 0u) << "what was written is not removed";
    }
    for (const auto& each : loop.get(files->list_uploads("", "", deadline::never())).uploads)
        loop.wait(files->abort_upload(each.upload, deadline::never()));
    loop.get(files->sweep_leavings(std::chrono::milliseconds(0), deadline::never()));
    EXPECT_EQ(files_below(directory / ".infra/meta"), loop.get(files->list({}, deadline::never())).objects.size());
    EXPECT_TRUE(fs::is_empty(directory / ".infra/uploads"));
    std::printf("200 kills in %d changes; %d were done and had not been said to be\n", next, overtaken);
}

TEST_F(FileCrash, NothingOfOthersIsSweptWhileTheyWrite) {
    child writer({directory.string(), "change", "0"});
    int next = 0;
    for (int i = 0; i < 100; ++i) {
        next = std::stoi(writer.line()) + 1;
        loop.get(files->sweep_leavings(std::chrono::milliseconds(0), deadline::never()));
    }
    ASSERT_GT(next, 99);
    writer.kill();
    for (const auto* key : {"a.txt", "deep/down/b", "deep/c.bin"})
        round_of(key); // with all that is known of it
}

} // namespace
} // namespace infra::storage
