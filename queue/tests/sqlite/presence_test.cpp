#include "src/sqlite/presence.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

using sqlite::presence;

class SqlitePresence : public ::testing::Test {
protected:
    temporary_folder folder;
    const std::filesystem::path file = folder / "queue.db";
};

TEST_F(SqlitePresence, OfOneThatLivesIsSeenByOthersUntilItIsGone) {
    presence other(file);
    std::optional<presence> one(std::in_place, file);
    ASSERT_TRUE(one->take(7));
    const auto where = one->where();
    EXPECT_FALSE(other.is_gone(7, where));
    EXPECT_TRUE(other.is_gone(8, where));
    one.reset();
    EXPECT_TRUE(other.is_gone(7, where));
}

TEST_F(SqlitePresence, IsOnesOwnAsLongAsOneLives) {
    presence one(file);
    ASSERT_TRUE(one.take(7));
    EXPECT_FALSE(one.is_gone(7, one.where()));
}

TEST_F(SqlitePresence, EndsWhenItIsReleased) {
    presence one(file), other(file);
    ASSERT_TRUE(one.take(7));
    ASSERT_TRUE(one.take(8));
    EXPECT_TRUE(one.is_here(7, one.where()));
    EXPECT_TRUE(other.is_here(7, one.where()));
    one.release(7);
    one.release(9); // which it has not
    EXPECT_FALSE(other.is_here(7, one.where()));
    EXPECT_FALSE(one.is_here(7, one.where()));
    EXPECT_TRUE(other.is_gone(7, one.where()));
    EXPECT_TRUE(other.is_here(8, one.where()));
    EXPECT_FALSE(other.is_here(8, {})) << "in another file of locks: nobody can tell";
}

TEST_F(SqlitePresence, IsTakenByOneAlone) {
    presence one(file), other(file);
    EXPECT_TRUE(one.take(7));
    EXPECT_FALSE(other.take(7));
    EXPECT_TRUE(other.take(8));
}

// Whoever holds a lock in a file that was removed may live, and nobody can tell.
TEST_F(SqlitePresence, IsNotJudgedByAFileMadeAnew) {
    presence one(file);
    ASSERT_TRUE(one.take(7));
    std::filesystem::remove(file.string() + "-workers");
    presence other(file);
    ASSERT_TRUE(other.take(8));
    EXPECT_NE(other.where(), one.where());
    EXPECT_FALSE(other.is_gone(7, one.where()));
}

TEST_F(SqlitePresence, CannotBeTakenWhereNoFileCanBe) {
    presence nowhere(folder / "none" / "queue.db");
    EXPECT_FALSE(nowhere.take(7));
    EXPECT_FALSE(nowhere.is_gone(7, nowhere.where()));
}

// Two openings of one process may not end each other's locks, as those of POSIX would.
TEST_F(SqlitePresence, OutlastsTheEndOfAnotherInItsProcess) {
    presence one(file), judge(file);
    ASSERT_TRUE(one.take(7));
    {
        presence(file).take(8);
    }
    EXPECT_FALSE(judge.is_gone(7, one.where()));
    EXPECT_TRUE(judge.is_gone(8, one.where()));
}

} // namespace
} // namespace infra::queue::tests
