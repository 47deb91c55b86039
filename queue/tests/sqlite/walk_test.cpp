#include "../model/walk.hpp"
#include "recorded_disk.hpp"
#include "src/sqlite/side_work.hpp"
#include "support.hpp"

#include <cstdlib>

// Random operations, compared with the model. INFRA_WALK_SEED repeats one walk, INFRA_WALK_SECONDS takes many.

namespace infra::queue::tests {
namespace {

constexpr std::size_t steps = 300;

struct walk_kind_of_file {
    durability kept = durability::full;
    bool with_trouble = false;
    std::optional<sqlite::side_work_limits> side_work{}; // so little that parents fail bit by bit
};

std::size_t unsettled = 0; // how often parents were found that were still to fail

bool is_settled(const std::filesystem::path& file) {
    const auto left = ask(file, "SELECT count(*) FROM infra_families WHERE fails = 1");
    unsettled += left != "0";
    return left == "0" && ask(file, "SELECT 1 FROM infra_families WHERE waits = 2") == "none";
}

walk_subject make_walk_subject(const walk_kind_of_file& kind) {
    struct folders {
        temporary_folder all;
        int generation = 0;
        std::optional<recorded_disk> disk{};
        std::filesystem::path file() const { return all / (std::to_string(generation) + ".db"); }
    };
    const auto here = std::make_shared<folders>();
    // Whose process is gone is noticed at a time of its own: see dead_test.cpp.
    const auto open = [here, kind] {
        return make_sqlite_backend({.file = here->file(), .durability = kind.kept, .poll = 1ms, .look_for_dead = 0ms},
                                   kind.side_work.value_or(sqlite::side_work_limits()));
    };
    // What was written, whether or not it is synced, is what the file holds once its processes are gone. Nobody writes
    // meanwhile.
    const auto crash = [here] {
        const auto from = here->file();
        ++here->generation;
        for (const auto* part : {"", "-wal"})
            if (std::filesystem::exists(from.string() + part))
                std::filesystem::copy_file(from.string() + part, here->file().string() + part);
    };
    walk_subject subject{
        .open = open, .crash = crash, .check = [here] { expect_sound(here->file()); }, .surroundings = here};
    if (kind.side_work)
        subject.is_settled = [here] { return is_settled(here->file()); };
    if (kind.with_trouble) {
        here->disk.emplace();
        subject.spoil = [here](lots& draw) {
            here->disk->fail(draw.one_in(2) ? SQLITE_FULL : SQLITE_IOERR_WRITE, draw.below(12), draw.between(1, 4));
        };
        subject.mend = [here] { here->disk->fail(SQLITE_OK, 0, 0); };
    }
    return subject;
}

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

sqlite::side_work_limits draw_side_work(lots draw) {
    return {.units = static_cast<std::int64_t>(draw.between(1, 3)),
            .parents_of_a_chain = static_cast<std::int64_t>(draw.below(2)),
            .children_of_a_family = static_cast<std::int64_t>(draw.between(1, 2))};
}

std::optional<std::string> take_walk(std::uint64_t seed) {
    walk_kind_of_file kind{.kept = seed % 2 == 0 ? durability::normal : durability::full,
                           .with_trouble = seed % 4 >= 2};
    if (seed % 3 == 0)
        kind.side_work = draw_side_work(lots(seed));
    return find_difference([=] { return make_walk_subject(kind); }, seed, steps);
}

class SqliteWalk : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SqliteWalk, IsThatOfTheModel) {
    const auto wrong = take_walk(number_of("INFRA_WALK_SEED", GetParam()));
    EXPECT_FALSE(wrong) << *wrong;
}

INSTANTIATE_TEST_SUITE_P(Seeds, SqliteWalk, ::testing::Range<std::uint64_t>(1, 5));

TEST(SqliteWalks, SeeParentsThatFailBitByBit) {
    const auto before = unsettled;
    for (const std::uint64_t seed : {6u, 9u}) {
        const auto wrong = take_walk(seed);
        EXPECT_FALSE(wrong) << *wrong;
    }
    EXPECT_GT(unsettled, before);
}

TEST(SqliteWalks, AreThoseOfTheModelForAsLongAsIsAskedFor) {
    const std::chrono::seconds length(number_of("INFRA_WALK_SECONDS", 0));
    if (length == 0s)
        GTEST_SKIP() << "set INFRA_WALK_SECONDS for walks of new seeds";
    const auto end = std::chrono::steady_clock::now() + length;
    std::uint64_t walks = 0;
    for (auto seed = number_of("INFRA_WALK_SEED", 1000); std::chrono::steady_clock::now() < end; ++seed, ++walks) {
        const auto wrong = take_walk(seed);
        ASSERT_FALSE(wrong) << *wrong;
    }
    std::printf("%llu walks of %zu steps; %zu times parents were still to fail\n",
                static_cast<unsigned long long>(walks), steps, unsettled);
}

} // namespace
} // namespace infra::queue::tests
