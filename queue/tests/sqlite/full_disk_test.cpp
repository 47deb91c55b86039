#include "child.hpp"

#include <set>

// A process whose files may not grow any more, and then again.

namespace infra::queue::tests {
namespace {

TEST(SqliteFullDisk, SaysSoLosesNothingAndGoesOnOnceThereIsRoom) {
    const temporary_folder folder;
    const auto file = folder / "queue.db";
    child worker(file, folder.path(), "fill");
    ASSERT_TRUE(wait_until([&] { return lines_of(folder / "refused").size() >= 3; }));
    const auto before = lines_of(folder / "acknowledged").size();
    std::ofstream(folder / "go").put('!');
    EXPECT_EQ(worker.wait(), 0);

    for (const auto& sentence : lines_of(folder / "refused")) {
        EXPECT_TRUE(sentence.starts_with("the queue's file " + file.string() + " cannot grow: ")) << sentence;
        EXPECT_TRUE(sentence.ends_with("; nothing of this was stored. Free space, and work goes on by itself"))
            << sentence;
    }
    const auto acknowledged = lines_of(folder / "acknowledged"), done = lines_of(folder / "done");
    EXPECT_GT(before, 10u);
    EXPECT_EQ(acknowledged.size(), before + 100) << "all that came once there was room";
    const std::set<std::string> added(acknowledged.begin(), acknowledged.end()), run(done.begin(), done.end());
    EXPECT_EQ(added.size(), acknowledged.size());
    EXPECT_EQ(run, added) << "what was refused is not there, what was acknowledged is done";
    const auto stored = make_sqlite_backend({.file = file});
    test_loop loop;
    const auto counts = loop.await(stored->counts({"count"})).at(0);
    EXPECT_EQ(counts.completed, added.size());
    EXPECT_EQ(counts.waiting + counts.delayed + counts.active + counts.failed, 0u);
    loop.await(stored->stop(deadline::after(30s)));
    expect_sound(file);
}

} // namespace
} // namespace infra::queue::tests
