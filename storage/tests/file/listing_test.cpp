#include "src/file/listing.hpp"

#include "tests/support.hpp"

#include <infra/storage/key.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

namespace infra::storage::disk {
namespace {

namespace fs = std::filesystem;

class FileListing : public ::testing::Test {
protected:
    void put(const std::string& key) { folder.write("store/" + path_of(key, names::exact), ""); }

    std::vector<std::string> page(list_options what, std::string* token = nullptr) {
        page_builder into(what);
        list_into(into, *in, what.prefix, deadline::never(), real_clock());
        const auto done = std::move(into).finish();
        if (token)
            *token = done.token;
        std::vector<std::string> words = done.prefixes;
        for (const auto& each : done.objects)
            words.push_back(each.key);
        std::ranges::sort(words);
        return words;
    }
    std::vector<std::string> all(list_options what) {
        std::vector<std::string> words;
        do {
            for (auto& each : page(what, &what.token))
                words.push_back(std::move(each));
        } while (!what.token.empty());
        return words;
    }

    temporary_folder folder;
    std::shared_ptr<const layout> in = open_layout(folder / "store", false);
};

TEST_F(FileListing, IsInTheOrderOfKeysWhateverDirectoriesTheyLieIn) {
    std::vector<std::string> keys{"a", "a!", "a-b/c", "a.b", "a.b/c", "a/b", "a/b/c", "a0", "b.c/d", "é/x", "z"};
    const std::string x(253, 'x');
    for (const auto* end : {"", "!/y", "-", "/a", "0", "0/b", "é"})
        keys.push_back(x + end); // x/a between x- and x0, which lie in another directory
    for (const auto& key : keys)
        put(key);
    std::ranges::sort(keys);
    for (const std::size_t limit : {1u, 2u, 3u, 1000u})
        EXPECT_EQ(all({.limit = limit}), keys);
}

TEST_F(FileListing, IsTheSameAsFilteringAllKeys) {
    std::set<std::string> keys;
    while (keys.size() < 150) {
        std::string key;
        for (auto left = random_u64() % 5 + 1; left > 0; --left)
            key += std::vector<std::string>{"a", "b", ".", "/", "%", "-", std::string(200, 'l')}[random_u64() % 7];
        if (is_key(key))
            keys.insert(key);
    }
    for (const auto& key : keys)
        put(key);
    for (const std::string prefix : {"", "a", "a/", "a/b", "-", "b/a", "none"})
        for (const std::string delimiter : {"", "/", "-", "b/"})
            for (const std::string after : {"", "a", "a/a", "a/b/", "b"}) {
                std::set<std::string> expected;
                for (const auto& key : keys)
                    if (key.starts_with(prefix) && key > after) {
                        const auto at = delimiter.empty() ? std::string::npos : key.find(delimiter, prefix.size());
                        expected.insert(at == std::string::npos ? key : key.substr(0, at + delimiter.size()));
                    }
                const auto found = all({.prefix = prefix, .delimiter = delimiter, .start_after = after, .limit = 7});
                EXPECT_EQ(found, std::vector<std::string>(expected.begin(), expected.end()))
                    << prefix << ' ' << delimiter << ' ' << after;
            }
}

TEST_F(FileListing, KeepsNoMoreThanSomeThousandNamesOfADirectory) {
    std::vector<std::string> keys;
    for (int i = 0; i < 4'500; ++i)
        keys.push_back("d/" + std::to_string(100'000 + i * 7919 % 4'500) + (i % 9 ? ".txt" : "/x.txt"));
    fs::create_directories(folder / "store/d");
    for (const auto& key : keys)
        put(key);
    for (int i = 0; i < 500; ++i)
        fs::create_directory(folder / "store/d" / std::to_string(i)); // nothing in them
    std::ranges::sort(keys);
    EXPECT_EQ(all({.prefix = "d/"}), keys);
    EXPECT_EQ(page({.delimiter = "/"}), std::vector<std::string>{"d/"});
}

TEST_F(FileListing, ListsWhatStaysWhileOthersComeAndGo) {
    std::vector<std::string> staying;
    for (int i = 0; i < 50; ++i)
        put(staying.emplace_back("d" + std::to_string(100 + i) + "/stays.txt"));
    std::atomic<bool> is_over = false;
    std::thread others([&] {
        while (!is_over)
            for (int i = 0; i < 50; ++i) {
                const auto beside = "d" + std::to_string(100 + i) + "/";
                put(beside + "comes.txt");
                put(beside + "sub/comes.txt");
                fs::remove(folder / ("store/" + beside + "comes.txt"));
                fs::remove_all(folder / ("store/" + beside + "sub"));
            }
    });
    for (int i = 0; i < 20; ++i) {
        auto found = all({.limit = 17});
        std::erase_if(found, [](const std::string& key) { return !key.ends_with("stays.txt"); });
        EXPECT_EQ(found, staying);
    }
    is_over = true;
    others.join();
}

TEST_F(FileListing, EndsWithItsDeadline) {
    put("a.txt");
    manual_clock time;
    page_builder into({});
    const auto failed = refusal_of([&] { list_into(into, *in, "", deadline(time.steady()), time); });
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->code(), infra::errc::timed_out);
}

} // namespace
} // namespace infra::storage::disk
