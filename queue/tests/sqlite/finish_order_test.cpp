#include "src/sqlite/finish_order.hpp"
#include "src/sqlite/schema.hpp"

#include "support.hpp"

namespace infra::queue::tests {
namespace {

using sqlite::database;
using sqlite::finish_order;
using numbers = std::vector<std::int64_t>;

class FinishOrder : public ::testing::Test {
protected:
    FinishOrder() { sqlite::prepare_schema(db); }

    // Job n has the number 10 n.
    void add(std::int64_t first, std::int64_t last, job_state state = job_state::completed) {
        for (auto seq = first; seq <= last; ++seq)
            order.add(1, state, 10 * seq, seq);
        order.save(db);
    }
    numbers oldest(std::int64_t most, job_state state = job_state::completed) {
        return order.oldest(db, 1, state, most);
    }
    std::string runs() { return ask(folder / "queue.db", "SELECT count(*) FROM infra_finished"); }

    temporary_folder folder;
    database db{folder / "queue.db"};
    finish_order order;
};

TEST_F(FinishOrder, GivesTheOldestFirst) {
    add(1, 3);
    add(4, 5);
    add(6, 9, job_state::failed);
    order.add(2, job_state::completed, 100, 10);
    EXPECT_EQ(oldest(4), (numbers{1, 2, 3, 4}));
    EXPECT_EQ(oldest(100), (numbers{1, 2, 3, 4, 5}));
    EXPECT_EQ(oldest(1, job_state::failed), (numbers{6}));
    EXPECT_EQ(order.oldest(db, 2, job_state::completed, 5), (numbers{10}));
    EXPECT_EQ(order.oldest(db, 1, job_state::completed, 5, [](std::int64_t seq) { return seq < 3; }), (numbers{1, 2}));
}

TEST_F(FinishOrder, KnowsWhatIsNotSavedYet) {
    order.add(1, job_state::completed, 10, 1);
    EXPECT_EQ(oldest(5), (numbers{1}));
    order.add(1, job_state::completed, 20, 2);
    order.clear();
    EXPECT_EQ(oldest(5), (numbers{1}));
}

TEST_F(FinishOrder, ForgetsTheOldest) {
    add(1, 3);
    add(4, 6);
    order.remove_oldest(db, 1, job_state::completed, 2);
    EXPECT_EQ(oldest(9), (numbers{3, 4, 5, 6}));
    order.remove_oldest(db, 1, job_state::completed, 1);
    EXPECT_EQ(runs(), "1") << "a run of none is none";
    order.remove_oldest(db, 1, job_state::completed, 50);
    EXPECT_EQ(oldest(9), numbers());
    EXPECT_EQ(runs(), "0");
}

TEST_F(FinishOrder, LosesOneFromItsMiddle) {
    add(1, 3);
    add(4, 6);
    order.remove(db, 1, job_state::completed, 30, 3); // the last of its run
    order.remove(db, 1, job_state::completed, 50, 5);
    EXPECT_EQ(oldest(9), (numbers{1, 2, 4, 6}));
    order.remove(db, 1, job_state::completed, 50, 5);
    order.remove(db, 1, job_state::failed, 10, 1);
    EXPECT_EQ(oldest(9), (numbers{1, 2, 4, 6})) << "of what is not there, nothing";
}

TEST_F(FinishOrder, CutsLongRuns) {
    add(1, 1000);
    EXPECT_EQ(runs(), "10");
    EXPECT_EQ(oldest(2000).size(), 1000u);
    order.remove(db, 1, job_state::completed, 5050, 505);
    order.remove_oldest(db, 1, job_state::completed, 500);
    EXPECT_EQ(oldest(5), (numbers{501, 502, 503, 504, 506}));
}

} // namespace
} // namespace infra::queue::tests
