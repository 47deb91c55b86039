// A bit that turns over on the way, wherever it is, in either direction, is noticed: with one attempt as errc::integrity, with several
// nobody hears of it.

#include "proof.hpp"
#include "support.hpp"

namespace infra::storage {
namespace {

using namespace proof;

struct flip_case {
    stub::profile store;
    checksum_kind kind;
};

class S3Flips : public ::testing::TestWithParam<flip_case> {
protected:
    stub::server s3{{.profile = GetParam().store}};
    const put_options how{.checksum = GetParam().kind};
    infra::storage::storage once = files_at(s3, 1);
    infra::storage::storage again = files_at(s3, 5);

    void SetUp() override {
        for (const auto& files : {once, again})
            wait(files.put("first", "what the store is like is learned here"));
    }

    void flip(const std::string& op, stub::trouble what, std::uint64_t at, int times = 1) {
        s3.faults().clear();
        s3.faults().add({.op = op, .times = times, .what = what, .at = at});
    }
};

TEST_P(S3Flips, OfAnyByteThatIsPutAreNoticed) {
    const auto text = bytes(48, 1);
    for (std::uint64_t at = 0; at < text.size(); ++at) {
        flip("put", stub::trouble::flip_request, at);
        EXPECT_EQ(failure(once.put("a", text, how)), errc::integrity) << at;
        EXPECT_FALSE(s3.s3().objects().contains("a")) << at;
    }
    flip("put", stub::trouble::flip_request, 17);
    wait(again.put("a", text, how));
    EXPECT_TRUE(s3.s3().objects().at("a").bytes.bytes.view() == text);
}

TEST_P(S3Flips, OfAnyByteThatIsGotAreNoticed) {
    const auto text = bytes(48, 2);
    wait(again.put("a", text, how));
    for (std::uint64_t at = 0; at < text.size(); ++at) {
        flip("get", stub::trouble::flip_answer, at);
        EXPECT_EQ(failure(once.get("a")), errc::integrity) << at;
    }
    flip("get", stub::trouble::flip_answer, 17);
    EXPECT_TRUE(wait(again.get("a")).bytes == text);
}

TEST_P(S3Flips, InPartsThatArePutAreNoticed) {
    const auto large = bytes(2 * part_bytes + 12'345, 3);
    std::mt19937_64 random(3);
    for (int i = 0; i < rounds(4, 50); ++i) {
        flip("part", stub::trouble::flip_request, random() % 12'345);
        EXPECT_EQ(failure(once.put("a", large, how)), errc::integrity);
        EXPECT_FALSE(s3.s3().objects().contains("a"));
        flip("part", stub::trouble::flip_request, random() % 12'345);
        wait(again.put("b", large, how));
        EXPECT_TRUE(s3.s3().objects().at("b").bytes.bytes.view() == large);
    }
}

TEST_P(S3Flips, InDownloadsAreNoticed) {
    const auto large = bytes(2 * part_bytes + 12'345, 4);
    const temporary_folder folder;
    wait(again.put("a", large, how));
    std::mt19937_64 random(4);
    for (int i = 0; i < rounds(4, 50); ++i) {
        flip("get", stub::trouble::flip_answer, random() % 12'345, -1); // one answer may be let go of
        EXPECT_EQ(failure(once.download("a", folder / "a")), errc::integrity);
        EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "something of it was kept";
        flip("get", stub::trouble::flip_answer, random() % large.size());
        EXPECT_EQ(failure(once.get("a")), errc::integrity);
    }
}

// What the store is like is not known yet.
TEST_P(S3Flips, InTheVeryFirstFileAreNoticed) {
    const auto large = bytes(2 * part_bytes + 12'345, 5);
    const temporary_folder folder;
    const auto first = files_at(s3, 1);
    wait(first.put("a", file{folder.write("from", large)}, how));
    EXPECT_TRUE(wait(first.get("a")).bytes == large);
    flip("get", stub::trouble::flip_answer, 6'000'000);
    EXPECT_EQ(failure(first.get("a")), errc::integrity);
}

INSTANTIATE_TEST_SUITE_P(
    On, S3Flips,
    ::testing::Values(flip_case{stub::aws(), checksum_kind::crc32c}, flip_case{stub::aws(), checksum_kind::sha256},
                      flip_case{stub::composite(), checksum_kind::crc32c}, flip_case{stub::r2(), checksum_kind::crc32c},
                      flip_case{stub::old(), checksum_kind::crc32c}, flip_case{stub::old(), checksum_kind::sha256}),
    [](const auto& info) { return info.param.store.name + "_" + std::string(to_string(info.param.kind)); });

} // namespace
} // namespace infra::storage
