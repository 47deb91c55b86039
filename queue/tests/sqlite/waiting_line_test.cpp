#include "src/sqlite/schema.hpp"
#include "src/sqlite/waiting_line.hpp"

#include "support.hpp"

#include <numeric>

namespace infra::queue::tests {
namespace {

using sqlite::database;
using sqlite::line_key;
using sqlite::waiting_line;
using numbers = std::vector<std::int64_t>;

// The job in place n has the number n + 1000.
class WaitingLine : public ::testing::Test {
protected:
    WaitingLine() { sqlite::prepare_schema(db); }

    void add(const numbers& places, std::int64_t priority = 0, std::int64_t queue = 1) {
        for (const auto place : places)
            line.add(db, {queue, priority}, {place, place + 1000});
    }
    /// In a transaction of their own.
    void add_and_save(std::int64_t next_number, const numbers& places, std::int64_t priority = 0) {
        line.begin(next_number);
        add(places, priority);
        line.save(db);
    }
    bool remove(std::int64_t place, std::int64_t priority = 0) {
        return line.remove(db, {1, priority}, {place, place + 1000});
    }
    numbers front(std::size_t max = 1000) {
        numbers found;
        for (const auto& each : line.front(db, 1, max))
            found.push_back(each.who.place);
        return found;
    }
    numbers take(std::size_t max) {
        const auto taken = line.front(db, 1, max);
        line.remove_front(db, 1, taken);
        numbers found;
        for (const auto& each : taken)
            found.push_back(each.who.place);
        return found;
    }
    std::string runs() { return ask(folder / "queue.db", "SELECT count(*) FROM infra_waiting"); }

    temporary_folder folder;
    database db{folder / "queue.db"};
    waiting_line line;
};

TEST_F(WaitingLine, ServesByPriorityThenByPlace) {
    add_and_save(1, {1, 2, 4}, 5);
    add_and_save(5, {5, 7, -6});
    add({9}, 5);
    add({8}, 0, 2);
    EXPECT_EQ(front(), (numbers{-6, 5, 7, 1, 2, 4, 9}));
    EXPECT_EQ(front(2), (numbers{-6, 5}));
}

TEST_F(WaitingLine, KeepsARunForWhatCameTogether) {
    numbers many(60);
    std::iota(many.begin(), many.end(), 1);
    add_and_save(1, many);
    EXPECT_EQ(runs(), "1");
    add_and_save(61, {61, 62, -63});
    EXPECT_EQ(runs(), "3") << "others come to stand between the first and the last";
}

TEST_F(WaitingLine, IsTakenFromItsFront) {
    add_and_save(1, {1, 2, 3});
    add_and_save(4, {4, 5, 6});
    add_and_save(7, {7}, 9);
    EXPECT_EQ(take(2), (numbers{1, 2}));
    EXPECT_EQ(take(3), (numbers{3, 4, 5}));
    EXPECT_EQ(take(5), (numbers{6, 7}));
    EXPECT_EQ(runs(), "0");
    EXPECT_EQ(take(5), numbers());
}

TEST_F(WaitingLine, LosesOneFromItsMiddle) {
    add_and_save(1, {1, 2, 3});
    add_and_save(4, {4});
    EXPECT_TRUE(remove(2));
    EXPECT_FALSE(remove(2));
    EXPECT_TRUE(remove(3)); // the last of its run
    EXPECT_TRUE(remove(4));
    EXPECT_FALSE(remove(1, 7));
    EXPECT_FALSE(line.remove(db, {1, 0}, {1, 1})) << "another job's place";
    EXPECT_EQ(front(), (numbers{1}));
    EXPECT_EQ(take(5), (numbers{1}));
    EXPECT_EQ(runs(), "0");
}

TEST_F(WaitingLine, TakesOneBackWhereItStood) {
    add_and_save(1, {1, 3, 7, 9});
    add_and_save(10, {12, 14});
    add_and_save(20, {5, 8, 11, 13, 2});
    EXPECT_EQ(front(), (numbers{1, 2, 3, 5, 7, 8, 9, 11, 12, 13, 14}));
    for (const auto place : {7, 13, 2, 11, 14})
        EXPECT_TRUE(remove(place)) << place;
    EXPECT_EQ(take(3), (numbers{1, 3, 5}));
    EXPECT_EQ(front(), (numbers{8, 9, 12}));
}

// Numbers are drawn before jobs stand in line, and others may be saved meanwhile.
TEST_F(WaitingLine, TakesAPlaceThatWasDrawnBeforeOthersWereSaved) {
    line.begin(1);
    add({1, 3, -2, -6});
    line.save(db);
    add({2, 4, -4});
    line.save(db);
    EXPECT_EQ(front(), (numbers{-6, -4, -2, 1, 2, 3, 4}));
    for (const auto place : {-6, -4, -2, 1, 2, 3, 4})
        EXPECT_TRUE(remove(place)) << place;
    EXPECT_EQ(runs(), "0");
}

TEST_F(WaitingLine, ForgetsWhatWasUndone) {
    add_and_save(1, {1});
    add({2});
    line.clear();
    EXPECT_EQ(front(), (numbers{1}));
}

TEST_F(WaitingLine, ThatIsMalformedIsReportedAsDamaged) {
    add_and_save(1, {1});
    ask(folder / "queue.db", "UPDATE infra_waiting SET jobs = x'0102030405060708'");
    EXPECT_EQ(code_thrown_by([&] { front(); }), errc::corrupt);
}

} // namespace
} // namespace infra::queue::tests
