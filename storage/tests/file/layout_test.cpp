#include "src/file/layout.hpp"

#include "src/file/key_lock.hpp"
#include "src/file/uploads.hpp"
#include "tests/support.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/id.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

namespace infra::storage::disk {
namespace {

namespace fs = std::filesystem;

TEST(FileLayout, RemembersWhichNamesAreToldApart) {
    const temporary_folder folder;
    EXPECT_EQ(open_layout(folder.path(), false)->apart, names::exact) << "tests want a file system that does";
    folder.write(".infra/format", "infra storage 1, names in lower case and ASCII\n");
    const auto in = open_layout(folder.path(), false);
    EXPECT_EQ(in->apart, names::folded);
    EXPECT_EQ(in->place_of("README.md").path, "%52%45%41%44%4D%45.md");
}

TEST(FileLayout, RefusesADirectoryWithAFormatThatItDoesNotKnow) {
    const temporary_folder folder;
    folder.write(".infra/format", "infra storage 2\n");
    EXPECT_THROW(open_layout(folder.path(), false), error);
}

TEST(FileLayout, PlacesWhatIsDrawnOnceForAll) {
    const temporary_folder folder;
    const auto in = open_layout(folder.path(), false);
    std::vector<std::string> got(8);
    std::vector<std::thread> all;
    for (auto& each : got)
        all.emplace_back([&in, to = &each] { *to = placed_once(*in, "secret", random_hex(8)); });
    for (auto& each : all)
        each.join();
    for (const auto& each : got)
        EXPECT_EQ(each, got[0]);
    EXPECT_TRUE(fs::is_empty(folder / ".infra/tmp"));
}

TEST(FileLock, IsOneHoldersUntilHeLetsGo) {
    const temporary_folder folder;
    const auto in = open_layout(folder.path(), false);
    const auto at = in->place_of("a.txt");
    auto held = std::make_unique<key_lock>(*in, at, "put a.txt", deadline::never(), real_clock());
    manual_clock time;
    const auto failed = refusal_of([&] { key_lock(*in, at, "put a.txt", deadline(time.steady()), time); });
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->code(), infra::errc::timed_out);
    std::atomic<bool> is_released = false;
    std::thread waiting([&] {
        const key_lock mine(*in, at, "put a.txt", deadline::never(), real_clock());
        EXPECT_TRUE(is_released);
    });
    is_released = true;
    held.reset();
    waiting.join();
}

TEST(FileUploads, KeepWithEachPartWhatItIs) {
    const part made{7, "0123456789abcdef", 5, checksum_of("bytes", checksum_kind::crc64nvme)};
    const auto trailer = trailer_of(made);
    ASSERT_EQ(trailer.size(), trailer_size);
    const auto back = part_from(trailer, 7, 5 + trailer_size);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->number, 7);
    EXPECT_EQ(back->etag, made.etag);
    EXPECT_EQ(back->size, 5u);
    EXPECT_EQ(back->checksum, made.checksum);
    const part of_sha256{7, random_hex(5), 5, checksum_of("hello", checksum_kind::sha256)}; // the longest there is
    EXPECT_EQ(part_from(trailer_of(of_sha256), 7, 5 + trailer_size)->checksum, of_sha256.checksum);
    EXPECT_FALSE(part_from(std::string(trailer_size, 'x'), 7, 100));
    EXPECT_FALSE(part_from(trailer.substr(1), 7, 100));
    EXPECT_FALSE(part_from(trailer, 7, 10));
}

TEST(FileUploads, KeepWhenTheyBeganAndWhatTheyWillBe) {
    const upload_state state{from_unix_ms(1'790'000'000'123), {"a", {.content_type = "x/y"}, std::nullopt}};
    const auto back = state_from_text(to_text(state));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->begun, state.begun);
    EXPECT_EQ(back->object.key, "a");
    EXPECT_EQ(back->object.attributes.content_type, "x/y");
    for (const char* text : {"", "1", "1\n", "x\n{\"key\":\"a\"}", "1{\"key\":\"a\"}"})
        EXPECT_FALSE(state_from_text(text)) << text;
}

} // namespace
} // namespace infra::storage::disk
