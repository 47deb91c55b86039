#include "src/ring_file.hpp"

#include "ring_file_support.hpp"

#include <infra/base/error.hpp>

#include <fstream>
#include <functional>

namespace infra::logging::detail {
namespace {

TEST(RingFile, IsEmptyAtFirst) {
    const temporary_path at;
    const ring_file file(at.path);
    EXPECT_TRUE(file.left().empty());
    EXPECT_EQ(std::filesystem::status(at.path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(RingFile, ShowsTheNextOneWhatItsRingsHeld) {
    const temporary_path at;
    {
        ring_file file(at.path);
        file.start(4096, 7, {.tick = 1, .wall = 2, .nanoseconds = 3});
        ring one(4096, *file.add_ring()), two(4096, *file.add_ring());
        put(one, "a");
        put(two, "b");
        put(two, "c");
    }
    const ring_file next(at.path);
    ASSERT_TRUE(is_readable(next.left()));
    const auto left = look_into(next.left());
    EXPECT_EQ(left.unwritten.size(), 3U);
    EXPECT_EQ(left.torn_rings, 0U);
    EXPECT_EQ(left.next_number, 7U);
    EXPECT_EQ(left.head->ticks().nanoseconds, 3);
}

TEST(RingFile, IsEmptyOnceItWasStartedAnew) {
    const temporary_path at;
    {
        ring_file file(at.path);
        file.start(4096, 7, {});
        ring one(4096, *file.add_ring());
        put(one, "a");
    }
    {
        ring_file file(at.path);
        file.start(8192, 8, {});
    }
    const ring_file next(at.path);
    const auto left = look_into(next.left());
    EXPECT_TRUE(left.unwritten.empty() && left.doubtful.empty());
    EXPECT_EQ(left.head->ring_bytes, 8192U);
}

TEST(RingFile, KeepsTheLastWholeRate) {
    const temporary_path at;
    ring_file file(at.path);
    file.start(4096, 7, {.tick = 1});
    for (std::uint64_t i = 2; i < 6; ++i) {
        file.set_rate({.tick = i});
        std::ifstream read(at.path, std::ios::binary);
        std::string bytes(sizeof(ring_file_head), '\0');
        read.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        EXPECT_EQ(reinterpret_cast<const ring_file_head*>(bytes.data())->ticks().tick, i);
    }
}

TEST(RingFile, IsOneProcessesOnly) {
    const temporary_path at;
    const ring_file mine(at.path);
    try {
        const ring_file another(at.path);
        FAIL();
    } catch (const infra::error& e) {
        EXPECT_EQ(e.code(), errc::unavailable);
        EXPECT_NE(std::string(e.what()).find("another process has the log ring " + at.path.string()),
                  std::string::npos);
    }
}

TEST(RingFile, NamesTheFileItCannotHave) {
    try {
        const ring_file file("/nowhere/ring");
        FAIL();
    } catch (const infra::error& e) {
        EXPECT_EQ(e.code(), errc::io);
        EXPECT_EQ(std::string(e.what()).find("cannot open the log ring /nowhere/ring: "), 0U) << e.what();
    }
    EXPECT_THROW(ring_file{std::filesystem::temp_directory_path()}, infra::error);
    EXPECT_THROW(ring_file{"/dev/null"}, infra::error);
}

TEST(RingFile, LeavesFilesOfAnotherKindAlone) {
    const temporary_path at;
    std::ofstream(at.path) << "somebody's diary";
    std::filesystem::permissions(at.path, std::filesystem::perms(0600));
    EXPECT_THROW(ring_file{at.path}, infra::error);
    std::ifstream read(at.path);
    std::string text;
    std::getline(read, text);
    EXPECT_EQ(text, "somebody's diary");
}

TEST(RingFile, MovesAwayWhatALaterVersionLeft) {
    const temporary_path at;
    {
        ring_file file(at.path);
        file.start(4096, 7, {});
    }
    overwrite(at.path, offsetof(ring_file_head, version), std::uint32_t(99));
    const ring_file file(at.path);
    EXPECT_TRUE(file.left().empty());
    EXPECT_TRUE(file.unread_path().native().starts_with(at.path.native() + ".unread-"));
    EXPECT_TRUE(std::filesystem::remove(file.unread_path()));
}

// Of which the rings came to the disk and the head did not.
TEST(RingFile, MovesAwayWhatAPowerCutLeft) {
    const temporary_path at;
    std::ofstream(at.path, std::ios::binary) << std::string(3 * 4096, '\0');
    std::filesystem::permissions(at.path, std::filesystem::perms(0600));
    ring_file file(at.path);
    EXPECT_TRUE(std::filesystem::remove(file.unread_path()));
    EXPECT_TRUE(file.start(4096, 7, {}));
}

TEST(RingFile, RefusesWhatOthersMayReadOrWrite) {
    const temporary_path at, elsewhere;
    std::ofstream(at.path).close();
    std::filesystem::permissions(at.path, std::filesystem::perms(0644));
    EXPECT_THROW(ring_file{at.path}, infra::error);
    std::filesystem::permissions(at.path, std::filesystem::perms(0600));
    std::filesystem::create_symlink(at.path, elsewhere.path);
    EXPECT_THROW(ring_file{elsewhere.path}, infra::error);
    EXPECT_NO_THROW(ring_file{at.path});
    std::filesystem::remove(elsewhere.path);
    std::filesystem::create_hard_link(at.path, elsewhere.path);
    EXPECT_THROW(ring_file{at.path}, infra::error);
}

TEST(RingFile, HasNoRingsBeforeItIsStarted) {
    const temporary_path at;
    ring_file file(at.path);
    EXPECT_FALSE(file.is_in_use());
    EXPECT_FALSE(file.add_ring());
}

TEST(RingFile, GoesOnAfterAStartThatWasCutShort) {
    const temporary_path at;
    {
        ring_file file(at.path);
        file.start(4096, 7, {});
    }
    std::ofstream(at.path, std::ios::binary) << std::string(static_cast<std::size_t>(::getpagesize()), '\0');
    ring_file file(at.path);
    EXPECT_TRUE(file.left().empty());
    file.start(4096, 8, {});
    EXPECT_TRUE(file.add_ring());
}

TEST(RingFile, StaysTheParentsAfterAFork) {
    const temporary_path at;
    ring_file file(at.path);
    file.start(4096, 7, {});
    ring one(4096, *file.add_ring());
    put(one, "the parent's");
    const auto child = ::fork();
    if (child == 0) {
        one.restart();
        const bool empty = one.begin() == one.end();
        put(one, "the child's");
        file.number_is_taken();
        ::_exit(empty && !file.is_in_use() && !file.add_ring() ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(file.next_number(), 7U);
    auto position = one.begin();
    const auto* const found = one.next(position, one.end());
    record read;
    ASSERT_TRUE(found && read_foreign_record({found, ring::size_of(found)}, read));
    EXPECT_EQ(read.message, "the parent's");
}

// In whatever state the fork finds it; with what was left of the state before.
TEST(RingFile, IsNotHeldByChildrenThatOutliveIt) {
    const temporary_path at;
    const std::function<void(ring_file&)> states[] = {
        [](ring_file&) {},
        [](ring_file& f) { f.start(4096, 7, {}); },
        [](ring_file& f) {
            f.start(4096, 7, {});
            f.add_ring();
        },
        [](ring_file& f) { ASSERT_FALSE(f.left().empty()); },
    };
    for (const auto& bring : states) {
        auto file = std::make_unique<ring_file>(at.path);
        bring(*file);
        const idle_child child;
        file.reset();
        EXPECT_NO_THROW(ring_file{at.path});
    }
}

} // namespace
} // namespace infra::logging::detail
