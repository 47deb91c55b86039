// What is special to a directory; what it shares with other stores is in bucket_conformance_test.cpp.

#include "src/file/key_lock.hpp"
#include "tests/conformance/subject.hpp"
#include "tests/support.hpp"

#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/descriptor.hpp>
#include <infra/storage/file.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace infra::storage {
namespace {

namespace fs = std::filesystem;

class FileBucket : public ::testing::Test {
protected:
    std::shared_ptr<bucket> make(durability sync = durability::unsynced) {
        return make_file_bucket({.directory = directory, .sync = sync, .time = &time});
    }
    object_info put(std::string key, std::string bytes, object_attributes attributes = {}) {
        return loop.get(files->put({.key = std::move(key), .attributes = std::move(attributes)},
                                   {.bytes = std::move(bytes)}, deadline::never()));
    }
    std::string read(std::string key) { return loop.get(read_all(files, {.key = std::move(key)}, deadline::never())); }
    object_info head(std::string key) { return loop.get(files->head(std::move(key), {}, deadline::never())); }
    boost::system::error_code failure_of_head(std::string key) {
        return loop.run(files->head(std::move(key), {}, deadline::never()))->code();
    }
    std::size_t sweep() { return loop.get(files->sweep_leavings(std::chrono::milliseconds(0), deadline::never())); }
    std::vector<std::string> keys() {
        std::vector<std::string> all;
        for (const auto& each : loop.get(files->list({}, deadline::never())).objects)
            all.push_back(each.key);
        return all;
    }

    /// Everything but what is ours, relative to the directory.
    std::vector<std::string> entries(const fs::path& below) const {
        std::vector<std::string> all;
        for (const auto& each : fs::recursive_directory_iterator(below))
            all.push_back(fs::relative(each.path(), below).string());
        std::ranges::sort(all);
        std::erase_if(all, [](const std::string& each) { return each.starts_with(".infra"); });
        return all;
    }
    std::size_t sidecars() const {
        std::size_t count = 0;
        for (const auto& each : fs::recursive_directory_iterator(directory / ".infra/meta"))
            count += each.is_regular_file();
        return count;
    }
    disk::key_lock lock_of(const disk::layout& in, const std::string& key) const {
        return {in, in.place_of(key), "test", deadline::never(), time};
    }
    /// As whoever ends it has it.
    descriptor lock_of(const upload_id& upload) const {
        descriptor state(::open((directory / ".infra/uploads" / upload.id / "state").c_str(), O_RDONLY | O_CLOEXEC));
        EXPECT_TRUE(state && disk::lock_until(state.get(), deadline::never(), time));
        return state;
    }
    /// Begins it on a pool, gives it up where it waits for this lock, and then lets it have that.
    template <class Lock>
    void give_up(blocking_pool& pool, std::optional<Lock> held, awaitable<void> change) {
        asio::cancellation_signal signal;
        const auto given_up = loop.spawn(std::move(change), signal.slot());
        loop.settle();
        while (pool.queued() > 0) // until the pool has begun
            std::this_thread::yield();
        signal.emit(asio::cancellation_type::terminal);
        loop.until([&] { return given_up->done(); });
        held.reset();
        loop.wait(pool.rest());
    }
    template <class T>
    static awaitable<void> ignoring(awaitable<T> made) {
        co_await std::move(made);
    }

    /// As a disk that errs.
    void change_bytes(const std::string& key, const std::string& to) {
        struct stat found{};
        ASSERT_EQ(::stat((directory / key).c_str(), &found), 0);
        folder.write("a/store/" + key, to);
        const std::array<timespec, 2> times{found.st_atim, found.st_mtim};
        ASSERT_EQ(::utimensat(AT_FDCWD, (directory / key).c_str(), times.data(), 0), 0);
    }
    static unsigned mode_of(const fs::path& path) {
        struct stat found{};
        ::stat(path.c_str(), &found);
        return found.st_mode & 0777;
    }

    temporary_folder folder;
    testing::test_loop loop;
    manual_clock time;
    const fs::path directory = folder / "a/store";
    std::shared_ptr<bucket> files = make();
};

TEST_F(FileBucket, KeepsAnObjectAsTheFileOfItsName) {
    put("avatars/user-123.jpg", "jpeg");
    put("README", "text");
    EXPECT_EQ(contents_of(directory / "avatars/user-123.jpg"), "jpeg");
    EXPECT_EQ(entries(directory), (std::vector<std::string>{"README%", "avatars", "avatars/user-123.jpg"}));
    EXPECT_EQ(sidecars(), 2u);
    EXPECT_TRUE(fs::is_empty(directory / ".infra/tmp"));
}

TEST_F(FileBucket, IsTheOwnersOnly) {
    put("d/a.txt", "x");
    EXPECT_EQ(mode_of(directory), 0700u);
    EXPECT_EQ(mode_of(directory / "d"), 0700u);
    EXPECT_EQ(mode_of(directory / "d/a.txt"), 0600u);
    EXPECT_EQ(mode_of(directory / ".infra/secret"), 0600u);
}

TEST_F(FileBucket, KnowsOneMoreVersionOnlyUntilTheNextIsThere) {
    for (const char* bytes : {"one", "two", "three"})
        put("a.txt", bytes, {.content_type = "text/plain"});
    EXPECT_EQ(sidecars(), 1u);
    loop.wait(files->remove("a.txt", {}, deadline::never()));
    EXPECT_EQ(sidecars(), 0u);
}

TEST_F(FileBucket, GivesOtherBytesAnotherETagThoughNoTimePasses) {
    const auto first = put("a.txt", "one").etag;
    const auto second = put("a.txt", "two").etag;
    EXPECT_NE(first, second);
    EXPECT_EQ(head("a.txt").etag, second);
    EXPECT_EQ(head("a.txt").modified, std::chrono::floor<std::chrono::seconds>(time.wall()));
}

TEST_F(FileBucket, RemovesDirectoriesWithTheirLastObject) {
    put("a/b/c/d.txt", "x");
    put("a/e.txt", "x");
    loop.wait(files->remove("a/b/c/d.txt", {}, deadline::never()));
    EXPECT_EQ(entries(directory), (std::vector<std::string>{"a", "a/e.txt"}));
    loop.wait(files->remove("a/e.txt", {}, deadline::never()));
    EXPECT_TRUE(entries(directory).empty());
    EXPECT_TRUE(fs::exists(directory));
}

TEST_F(FileBucket, SyncsWhereItIsAsked) {
    files = make(durability::synced);
    put("deep/down/a.txt", "x");
    EXPECT_EQ(read("deep/down/a.txt"), "x");
    const std::vector<std::string> both{"deep/down/a.txt", "b.txt"};
    for (const auto& each : loop.get(files->remove_many(both, deadline::never())))
        EXPECT_FALSE(each.failure);
    EXPECT_TRUE(entries(directory).empty());
}

// --- By other hands ---

TEST_F(FileBucket, TakesAFilePutThereByHandForAnObject) {
    folder.write("a/store/notes/today.html", "<p>");
    const auto info = head("notes/today.html");
    EXPECT_EQ(info.size, 3u);
    EXPECT_EQ(info.content_type, "text/html; charset=utf-8");
    EXPECT_FALSE(info.checksum);
    EXPECT_FALSE(info.etag.empty());
    EXPECT_EQ(read("notes/today.html"), "<p>");
    EXPECT_EQ(keys(), std::vector<std::string>{"notes/today.html"});
    loop.get(files->copy({.from = "notes/today.html", .to = "copy.html"}, deadline::never()));
    EXPECT_EQ(head("copy.html").checksum, checksum_of("<p>"));
    loop.wait(files->remove("notes/today.html", info.etag, deadline::never()));
    EXPECT_EQ(keys(), std::vector<std::string>{"copy.html"});
}

TEST_F(FileBucket, TellsBytesChangedByHandApart) {
    const auto before = put("a.txt", "ours", {.content_type = "x/y"});
    folder.write("a/store/a.txt", "theirs");
    const auto after = head("a.txt");
    EXPECT_NE(after.etag, before.etag);
    EXPECT_EQ(after.content_type, "text/plain; charset=utf-8");
    EXPECT_FALSE(after.checksum);
    EXPECT_EQ(sweep(), 1u); // what was known of ours
}

TEST_F(FileBucket, ShowsAByteChangedBehindItsBack) {
    const auto before = put("a.txt", "some bytes");
    change_bytes("a.txt", "some bites");
    EXPECT_EQ(head("a.txt").checksum, before.checksum);
    EXPECT_NE(head("a.txt").checksum, checksum_of(read("a.txt")));
}

TEST_F(FileBucket, IsNoSourceOfACopyThatWouldMakeDamageWhole) {
    const auto sum = checksum_of("some bytes", checksum_kind::sha256);
    loop.get(files->put({.key = "a.txt", .checksum = sum}, {.bytes = "some bytes"}, deadline::never()));
    change_bytes("a.txt", "some bites");
    const auto copied = loop.run(files->copy({.from = "a.txt", .to = "b.txt"}, deadline::never()));
    EXPECT_EQ(copied->code(), errc::integrity);
    EXPECT_EQ(keys(), std::vector<std::string>{"a.txt"});
}

TEST_F(FileBucket, IsRestoredByACopyThatKeepsTimes) {
    put("d/a.txt", "x", {.content_type = "x/y", .metadata = {{"by", "Ånn"}}});
    const auto before = head("d/a.txt");
    const auto command = "cp -a '" + directory.string() + "' '" + (folder / "copy").string() + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    files = make_file_bucket({.directory = folder / "copy"});
    const auto after = head("d/a.txt");
    EXPECT_EQ(after.etag, before.etag);
    EXPECT_EQ(after.content_type, "x/y");
    EXPECT_EQ(after.metadata, before.metadata);
    EXPECT_EQ(after.checksum, before.checksum);
}

TEST_F(FileBucket, PassesOverWhatIsNobodysObject) {
    put("ours.txt", "x");
    for (const char* name : {".hidden", "Makefile", "a.b/c.txt", "bad%zz.txt", "x%", ".git/config", "dir/.keep"})
        folder.write(std::string("a/store/") + name, "theirs");
    fs::create_directory(directory / "empty");
    fs::create_symlink("ours.txt", directory / "link.txt");
    fs::create_directory_symlink("/", directory / "world");
    ASSERT_EQ(::mkfifo((directory / "pipe.txt").c_str(), 0600), 0);
    EXPECT_EQ(keys(), (std::vector<std::string>{"ours.txt", "x"}));
    const auto page = loop.get(files->list({.delimiter = "/"}, deadline::never()));
    EXPECT_TRUE(page.prefixes.empty());
}

TEST_F(FileBucket, FollowsNoLinkAndReadsNothingButFiles) {
    folder.write("secret/key.txt", "secret");
    fs::create_directories(directory / "d");
    fs::create_symlink(folder / "secret/key.txt", directory / "link.txt");
    fs::create_directory_symlink(folder / "secret", directory / "out");
    fs::create_directory_symlink("d", directory / "in");
    fs::create_directory(directory / "dir.txt");
    ASSERT_EQ(::mkfifo((directory / "pipe.txt").c_str(), 0600), 0);
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    const auto path = (directory / "sock.x").string();
    ASSERT_LT(path.size(), sizeof name.sun_path);
    std::ranges::copy(path, name.sun_path);
    const descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
    for (const char* key : {"link.txt", "out/key.txt", "in/a.txt", "dir.txt", "pipe.txt", "sock.x"}) {
        SCOPED_TRACE(key);
        EXPECT_EQ(failure_of_head(key), infra::errc::io);
        EXPECT_EQ(loop.run(files->get({.key = key}, deadline::never()))->code(), infra::errc::io);
        EXPECT_EQ(loop.run(files->put({.key = key}, {.bytes = "x"}, deadline::never()))->code(), infra::errc::io);
        EXPECT_EQ(loop.run(files->remove(key, {}, deadline::never()))->code(), infra::errc::io);
        EXPECT_EQ(loop.run(files->copy({.from = key, .to = "copy"}, deadline::never()))->code(), infra::errc::io);
    }
    EXPECT_EQ(contents_of(folder / "secret/key.txt"), "secret");
    EXPECT_EQ(entries(folder / "secret"), std::vector<std::string>{"key.txt"});
    EXPECT_TRUE(fs::is_empty(directory / "d"));
    EXPECT_TRUE(fs::is_empty(directory / ".infra/tmp"));
    EXPECT_EQ(sidecars(), 0u);
}

TEST_F(FileBucket, FindsNothingWhereAFileIsInTheWayOfADirectory) {
    folder.write("a/store/d", "no dot: a directory's name");
    EXPECT_EQ(failure_of_head("d/a.txt"), errc::not_found);
    EXPECT_EQ(loop.run(files->put({.key = "d/a.txt"}, {.bytes = "x"}, deadline::never()))->code(), infra::errc::io);
    loop.wait(files->remove("d/a.txt", {}, deadline::never()));
    put("d", "an object of that name is another file");
    EXPECT_EQ(keys(), std::vector<std::string>{"d"});
}

TEST_F(FileBucket, RefusesKeysThatAreNone) {
    for (const char* key : {"", "../x", "a/../b", "/etc/passwd", "a//b", "a/", "a\nb"}) {
        EXPECT_EQ(failure_of_head(key), infra::errc::invalid_input) << key;
        EXPECT_EQ(loop.run(files->put({.key = key}, {.bytes = "x"}, deadline::never()))->code(),
                  infra::errc::invalid_input);
    }
    EXPECT_EQ(loop.run(files->put({.key = "a", .attributes = {.store_headers = {{"x-amz-storage-class", "GLACIER"}}}},
                                  {.bytes = "x"}, deadline::never()))
                  ->code(),
              errc::unsupported);
}

// --- While others are at it ---

TEST_F(FileBucket, IsReadToItsEndThoughItIsReplacedAndRemoved) {
    const auto bytes = some_bytes(5u << 20);
    put("a.bin", bytes);
    auto object = loop.get(files->get({.key = "a.bin"}, deadline::never()));
    put("a.bin", "other");
    loop.wait(files->remove("a.bin", {}, deadline::never()));
    files.reset();
    EXPECT_TRUE(loop.get(all_of(std::move(object))) == bytes);
}

TEST_F(FileBucket, SaysThatAFileBecameShorterWhileItWasRead) {
    put("a.bin", some_bytes(3u << 20));
    auto object = loop.get(files->get({.key = "a.bin"}, deadline::never()));
    fs::resize_file(directory / "a.bin", 1000);
    EXPECT_EQ(loop.run(all_of(std::move(object)))->code(), infra::errc::io);
}

TEST_F(FileBucket, PutsWhereAnotherRemovesTheDirectory) {
    std::atomic<bool> is_over = false;
    std::thread remover([&] {
        testing::test_loop mine;
        while (!is_over)
            mine.wait(files->remove("d/e/f/theirs.txt", {}, deadline::never())),
                mine.get(files->put({.key = "d/e/f/theirs.txt"}, {.bytes = "x"}, deadline::never()));
    });
    for (int i = 0; i < 200; ++i) {
        put("d/e/f/ours.txt", "x");
        loop.wait(files->remove("d/e/f/ours.txt", {}, deadline::never()));
    }
    is_over = true;
    remover.join();
    loop.wait(files->remove("d/e/f/theirs.txt", {}, deadline::never()));
    EXPECT_TRUE(entries(directory).empty());
    EXPECT_EQ(sidecars(), 0u);
}

TEST_F(FileBucket, IsAlwaysOneVersionWithAllThatIsKnownOfIt) {
    const auto version_of = [](int i) {
        return std::string(static_cast<std::size_t>(1000 + i % 7), static_cast<char>('a' + i % 26));
    };
    put("a.txt", version_of(0), {.metadata = {{"first", "a"}}});
    std::atomic<bool> is_over = false;
    std::thread writer([&] {
        testing::test_loop mine;
        for (int i = 0; !is_over; ++i) {
            auto bytes = version_of(i);
            put_request what{.key = "a.txt", .attributes = {.metadata = {{"first", bytes.substr(0, 1)}}}};
            mine.get(files->put(std::move(what), {.bytes = std::move(bytes)}, deadline::never()));
        }
    });
    for (int i = 0; i < 500; ++i) {
        auto object = loop.get(files->get({.key = "a.txt"}, deadline::never()));
        const auto info = object.info;
        const auto bytes = loop.get(all_of(std::move(object)));
        ASSERT_EQ(info.metadata.at("first"), bytes.substr(0, 1));
        ASSERT_EQ(info.checksum, checksum_of(bytes));
    }
    is_over = true;
    writer.join();
}

TEST_F(FileBucket, IsMadeAgainWhereSomebodyHasRemovedIt) {
    put("a.txt", "x");
    fs::remove_all(directory);
    EXPECT_EQ(failure_of_head("a.txt"), errc::not_found);
    put("a.txt", "y");
    EXPECT_EQ(read("a.txt"), "y");
    EXPECT_EQ(mode_of(directory), 0700u);
}

// --- Leavings ---

TEST_F(FileBucket, RemovesWhatACrashLeft) {
    put("a.txt", "x");
    folder.write("a/store/.infra/tmp/123", "half");
    folder.write("a/store/.infra/tmp/01a21e15-219d-7435-86ae-f4e78b695e86/state", "half");
    make(); // the next process
    EXPECT_TRUE(fs::is_empty(directory / ".infra/tmp"));
    folder.write("a/store/.infra/meta/00/" + std::string(62, '0') + ".1-2", "{\"key\":\"gone\"}");
    folder.write("a/store/.infra/meta/00/" + std::string(62, '1') + ".1-2", "{\"key");
    folder.write("a/store/.infra/uploads/01a21e15-219d-7435-86ae-f4e78b695e86/7", "a part");
    EXPECT_EQ(loop.get(files->sweep_leavings(std::chrono::hours(1), deadline::never())), 0u) << "too young";
    EXPECT_EQ(sweep(), 3u);
    EXPECT_EQ(sweep(), 0u);
    EXPECT_EQ(sidecars(), 1u);
    EXPECT_TRUE(fs::is_empty(directory / ".infra/uploads"));
    EXPECT_EQ(head("a.txt").checksum, checksum_of("x"));
}

TEST_F(FileBucket, SweepsNoLongerThanItMay) {
    put("a.txt", "x");
    const deadline passed(time.steady());
    EXPECT_EQ(loop.run(files->sweep_leavings(std::chrono::milliseconds(0), passed))->code(), infra::errc::timed_out);
}

TEST_F(FileBucket, LeavesNothingOfAPutThatIsLetGo) {
    for (int steps = 0; steps < 12; ++steps) {
        asio::io_context mine{1};
        const auto next = [&time = time]() -> awaitable<std::string> {
            co_await time.sleep_for(std::chrono::hours(1));
            co_return "never";
        };
        asio::co_spawn(with_context(mine.get_executor()),
                       files->put({.key = "a.txt"}, {.source = next}, deadline::never()), [](auto&&...) {});
        for (int i = 0; i < steps; ++i)
            mine.run_one_for(std::chrono::milliseconds(1));
    }
    loop.wait(default_blocking_pool().rest());
    EXPECT_TRUE(fs::is_empty(directory / ".infra/tmp"));
    EXPECT_TRUE(entries(directory).empty());
}

// --- Options ---

// He who was cancelled, or ran out of time, does something else next: that must not be undone by what he gave up.
TEST_F(FileBucket, DoesNothingLaterForWhoeverHasLeft) {
    blocking_pool pool({.threads = 1});
    files = make_file_bucket({.directory = directory, .sync = durability::unsynced, .pool = &pool, .time = &time});
    put("a.txt", "kept");
    const auto in = disk::open_layout(directory, false);
    const auto give_up_change = [&](awaitable<void> change) {
        give_up(pool, std::optional(lock_of(*in, "a.txt")), std::move(change));
        EXPECT_EQ(read("a.txt"), "kept");
        EXPECT_EQ(keys(), std::vector<std::string>{"a.txt"});
    };
    give_up_change(ignoring(files->put({.key = "a.txt"}, {.bytes = "given up"}, deadline::never())));
    give_up_change(files->remove("a.txt", {}, deadline::never()));
    give_up_change(ignoring(files->remove_many({"a.txt"}, deadline::never())));
}

TEST_F(FileBucket, ChangesNoUploadLaterForWhoeverHasLeft) {
    blocking_pool pool({.threads = 1});
    files = make_file_bucket({.directory = directory, .sync = durability::unsynced, .pool = &pool, .time = &time});
    const auto in = disk::open_layout(directory, false);
    put("b.txt", "copied");
    const auto upload = loop.get(files->begin_upload({.key = "a.txt"}, deadline::never()));
    const auto kept = loop.get(files->put_part(upload, 1, "kept", {}, deadline::never()));
    const part_source other{.from = "b.txt", .length = 6};
    give_up(pool, std::optional(lock_of(*in, "a.txt")),
            ignoring(files->put_part(upload, 1, "given up", {}, deadline::never())));
    give_up(pool, std::optional(lock_of(*in, "a.txt")),
            ignoring(files->copy_part(upload, 1, other, deadline::never())));
    give_up(pool, std::optional(lock_of(upload)), files->abort_upload(upload, deadline::never()));
    loop.get(files->complete_upload(upload, {kept}, {.key = "a.txt"}, deadline::never()));
    EXPECT_EQ(read("a.txt"), "kept");
}

TEST_F(FileBucket, DoesNotTakeAnUploadForOverThatAnotherIsEnding) {
    const auto upload = loop.get(files->begin_upload({.key = "a.txt"}, deadline::never()));
    const auto one = loop.get(files->put_part(upload, 1, "x", {}, deadline::never()));
    const deadline passed(time.steady());
    auto held = lock_of(upload);
    EXPECT_EQ(loop.run(files->abort_upload(upload, passed))->code(), infra::errc::timed_out);
    EXPECT_EQ(loop.run(files->complete_upload(upload, {one}, {.key = "a.txt"}, passed))->code(),
              infra::errc::timed_out);
    held = descriptor();
    EXPECT_EQ(loop.get(files->complete_upload(upload, {one}, {.key = "a.txt"}, passed)).size, 1u);
}

TEST_F(FileBucket, RefusesOptionsThatCannotBe) {
    EXPECT_THROW(make_file_bucket({.directory = ""}), std::invalid_argument);
    EXPECT_THROW(make_file_bucket({.directory = directory, .signing_secret = "short"}), std::invalid_argument);
    folder.write("file", "x");
    try {
        make_file_bucket({.directory = folder / "file/store"});
        FAIL();
    } catch (const error& e) {
        EXPECT_EQ(e.code(), infra::errc::io);
        EXPECT_NE(std::string(e.what()).find((folder / "file").string()), std::string::npos) << e.what();
    }
}

TEST_F(FileBucket, SignsAlikeInEveryProcessOfADirectory) {
    const auto url = [&](bucket& from) { return loop.get(from.sign("a.txt", std::chrono::hours(1), {})).url; };
    EXPECT_EQ(url(*files), url(*make()));
    EXPECT_EQ(contents_of(directory / ".infra/secret").size(), 64u);
    const auto other =
        make_file_bucket({.directory = directory, .signing_secret = std::string(16, 's'), .time = &time});
    EXPECT_NE(url(*files), url(*other));
}

TEST_F(FileBucket, IsMadeOfAUrl) {
    const auto made = make_bucket("file:" + (folder / "by-url").string(),
                                  environment({{"STORAGE_PUBLIC_URL", "https://x.example/s"}}));
    EXPECT_EQ(made->description(), "file:" + (folder / "by-url").string());
    EXPECT_TRUE(loop.get(made->sign("a", std::chrono::hours(1), {})).url.starts_with("https://x.example/s/"));
    EXPECT_THROW(make_bucket("file:", environment()), error);
}

} // namespace
} // namespace infra::storage
