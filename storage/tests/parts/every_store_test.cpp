// Large objects over buckets that really keep them.

#include "tests/support.hpp"

#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>
#include <infra/storage/storage.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t part_size = 5u << 20;

std::shared_ptr<bucket> make(const std::string& scheme, const temporary_folder& folder) {
    if (scheme == "memory")
        return make_memory_bucket();
    return make_file_bucket({.directory = folder / "store", .sync = durability::unsynced});
}

struct LargeObjects : ::testing::TestWithParam<const char*> {
    testing::test_loop loop;
    temporary_folder folder;
    storage files{{.bucket = make(GetParam(), folder), .prefix = "p/", .part_size = part_size}};
    const std::string bytes = some_bytes(2 * part_size + 12'345);
    const std::filesystem::path from = folder.write("from", bytes);

    void expect_it(const std::string& key) {
        const auto info = loop.get(files.download(key, folder / "to", {.part_size = 1u << 20}));
        EXPECT_EQ(info.key, key);
        EXPECT_EQ(info.checksum, checksum_of(bytes));
        EXPECT_TRUE(contents_of(folder / "to") == bytes);
    }
};

TEST_P(LargeObjects, ComeBackAsTheyWere) {
    loop.get(files.put("a", file{from}, {.part_size = part_size}));
    expect_it("a");
}

// However a download cuts it: the whole is read back from the disk.
TEST_P(LargeObjects, ComeBackWithTheSha256OfTheWhole) {
    const auto sum = checksum_of(bytes, checksum_kind::sha256);
    const auto expect = [&](const std::string& key) {
        const auto info = loop.get(files.download(key, folder / "to", {.part_size = 1u << 20}));
        EXPECT_EQ(info.checksum, sum);
        EXPECT_TRUE(contents_of(folder / "to") == bytes);
        EXPECT_TRUE(loop.get(files.get(key)).bytes == bytes);
    };
    loop.get(files.put("a", file{from}, {.checksum = checksum_kind::sha256}));
    expect("a");
    const auto up = loop.get(files.begin_upload("b", {.checksum = checksum_kind::sha256}));
    loop.wait(up.put_file(from));
    EXPECT_EQ(loop.get(loop.get(files.resume_upload(up.token())).complete()).checksum, sum);
    expect("b");
    loop.get(files.copy("b", "c"));
    expect("c");
}

TEST_P(LargeObjects, AreUploadedOverTime) {
    const auto up = loop.get(files.begin_upload("b.bin", {.metadata = {{"user", "7"}}, .if_absent = true}));
    loop.get(up.put_part(2, bytes.substr(part_size, part_size)));
    const auto again = loop.get(files.resume_upload(up.token()));
    EXPECT_EQ(again.missing(3), (std::vector{1, 3}));
    loop.wait(again.put_file(from));
    const auto info = loop.get(again.complete());
    EXPECT_EQ(info.size, bytes.size());
    EXPECT_EQ(loop.get(files.head("b.bin"))->metadata.at("user"), "7");
    expect_it("b.bin");
}

TEST_P(LargeObjects, AreUploadedByOthers) {
    const auto made = loop.get(files.signed_upload_for("c", 1h, {.size = bytes.size(), .part_size = part_size}));
    EXPECT_EQ(made.part_urls.size(), 3u);
    const auto up = loop.get(files.resume_upload(made.token));
    loop.wait(up.put_file(from)); // in their place
    EXPECT_EQ(loop.get(loop.get(files.resume_upload(made.token)).complete()).size, bytes.size());
    expect_it("c");
}

TEST_P(LargeObjects, LeaveNothingThatIsNotSwept) {
    const auto up = loop.get(files.begin_upload("d"));
    loop.get(up.put_part(1, "x"));
    EXPECT_EQ(loop.get(files.sweep(1h)).uploads, 0u);
    EXPECT_EQ(loop.run(files.sweep(-1h))->code(), infra::errc::invalid_input);
    EXPECT_EQ(loop.get(files.sweep(0ms)).uploads, 1u);
    const auto gone = loop.run(up.put_part(2, "y"));
    EXPECT_EQ(gone->code(), errc::no_upload);
}

INSTANTIATE_TEST_SUITE_P(Everywhere, LargeObjects, ::testing::Values("memory", "file"),
                         [](const auto& tested) { return std::string(tested.param); });

} // namespace
} // namespace infra::storage
