#include "tests/fake_storage.hpp"

#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

struct StorageRemove : fake_storage {
    std::vector<std::string> store_many(std::size_t count) {
        std::vector<std::string> keys;
        for (std::size_t i = 0; i < count; ++i) {
            keys.push_back("k" + std::to_string(i));
            to->store(keys.back(), "x");
        }
        return keys;
    }

    static std::size_t failures_in(const std::vector<remove_outcome>& all) {
        return static_cast<std::size_t>(
            std::ranges::count_if(all, [](const auto& each) { return each.failure.has_value(); }));
    }
};

TEST_F(StorageRemove, RemovesWhatIsThereAndWhatIsNot) {
    to->store("a", "x");
    wait(files().remove("a"));
    wait(files().remove("a"));
    EXPECT_EQ(to->objects(), 0u);
    to->fail("remove", storage_error(errc::not_found, "gone already"));
    EXPECT_FALSE(refusal(files().remove("a")));
    EXPECT_EQ(refusal(files().remove("a/"))->code(), infra::errc::invalid_input);
}

TEST_F(StorageRemove, RemovesOneVersionOnly) {
    to->store("a", "x");
    EXPECT_EQ(refusal(files().remove("a", {.if_match = "other"}))->code(), errc::precondition);
    wait(files().remove("a", {.if_match = to->find("a")->info.etag}));
    EXPECT_EQ(to->objects(), 0u);
    to->can.conditional_writes = false;
    EXPECT_EQ(refusal(files().remove("a", {.if_match = "e"}))->code(), errc::unsupported);
}

TEST_F(StorageRemove, TakesManyInSlicesAndTellsOfEachInOrder) {
    to->can.max_remove = 10;
    auto keys = store_many(25);
    keys.push_back("none");
    const auto all = get(files().remove_many(keys));
    ASSERT_EQ(all.size(), 26u);
    for (std::size_t i = 0; i < keys.size(); ++i)
        EXPECT_EQ(all[i].key, keys[i]);
    EXPECT_EQ(failures_in(all), 0u);
    EXPECT_EQ(to->count("remove_many"), 3u);
    EXPECT_EQ(to->objects(), 0u);
    EXPECT_TRUE(get(files().remove_many({})).empty());
}

TEST_F(StorageRemove, LetsOneFailureStopNoneOfTheOthers) {
    const auto keys = store_many(5);
    to->refuse_to_remove("k1", denied);
    to->refuse_to_remove("k3", slow); // and then removes it
    const auto all = get(files().remove_many({"k0", "k1", "../k", "k2", "k3", "k4"}));
    EXPECT_EQ(failures_in(all), 2u);
    EXPECT_EQ(all[1].failure->code(), errc::denied);
    EXPECT_EQ(all[2].failure->code(), infra::errc::invalid_input);
    EXPECT_EQ(to->calls().at(1).key, "1") << "what failed goes alone";
    EXPECT_EQ(to->objects(), 1u);
}

TEST_F(StorageRemove, TellsOfEachWhereAWholeRequestFails) {
    to->can.max_remove = 2;
    store_many(4);
    to->fail("remove_many", denied);
    const auto all = get(files().remove_many({"k0", "k1", "k2", "k3"}));
    EXPECT_EQ(all[0].failure->code(), errc::denied);
    EXPECT_EQ(all[1].failure->code(), errc::denied);
    EXPECT_FALSE(all[2].failure);
    EXPECT_EQ(to->objects(), 2u);
}

TEST_F(StorageRemove, KeepsTheLastFailureOfWhatIsNeverRemoved) {
    store_many(2);
    options.attempts = 3;
    for (int i = 0; i < 3; ++i)
        to->refuse_to_remove("k1", slow);
    const auto all = get(files().remove_many({"k0", "k1"}));
    EXPECT_FALSE(all[0].failure);
    ASSERT_TRUE(all[1].failure);
    EXPECT_STREQ(all[1].failure->what(), "SlowDown; tried 3 times");
}

TEST_F(StorageRemove, GoesOneByOneWhereAStoreCannotRemoveMany) {
    const auto keys = store_many(3);
    to->fail("remove_many", storage_error(errc::unsupported, "no DeleteObjects here"));
    EXPECT_EQ(failures_in(get(files().remove_many(keys))), 0u);
    EXPECT_EQ(to->count("remove"), 3u);
    EXPECT_EQ(to->objects(), 0u);
}

TEST_F(StorageRemove, TakesAKeyTwice) {
    store_many(1);
    const auto all = get(files().remove_many({"k0", "k0"}));
    EXPECT_EQ(failures_in(all), 0u);
}

} // namespace
} // namespace infra::storage
