// A bit that turns over on the way, wherever it is, in either direction, is noticed: with one attempt as errc::integrity, with several
// nobody hears of it.

#include "proof.hpp"
#include "support.hpp"

namespace infra::storage {
namespace {

using namespace proof;

class S3Flips : public ::testing::TestWithParam<stub::profile> {
protected:
    stub::server s3{{.profile = GetParam()}};
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
        EXPECT_EQ(failure(once.put("a", text)), errc::integrity) << at;
        EXPECT_FALSE(s3.s3().objects().contains("a")) << at;
    }
    flip("put", stub::trouble::flip_request, 17);
    wait(again.put("a", text));
    EXPECT_TRUE(s3.s3().objects().at("a").bytes.bytes.view() == text);
}

TEST_P(S3Flips, OfAnyByteThatIsGotAreNoticed) {
    const auto text = bytes(48, 2);
    wait(again.put("a", text));
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
        EXPECT_EQ(failure(once.put("a", large)), errc::integrity);
        EXPECT_FALSE(s3.s3().objects().contains("a"));
        flip("part", stub::trouble::flip_request, random() % 12'345);
        wait(again.put("b", large));
        EXPECT_TRUE(s3.s3().objects().at("b").bytes.bytes.view() == large);
    }
}

TEST_P(S3Flips, InDownloadsAreNoticed) {
    const auto large = bytes(2 * part_bytes + 12'345, 4);
    const temporary_folder folder;
    wait(again.put("a", large));
    std::mt19937_64 random(4);
    for (int i = 0; i < rounds(4, 50); ++i) {
        flip("get", stub::trouble::flip_answer, random() % 12'345, -1); // one answer may be let go of
        EXPECT_EQ(failure(once.download("a", folder / "a")), errc::integrity);
        EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "something of it was kept";
        flip("get", stub::trouble::flip_answer, random() % large.size());
        EXPECT_EQ(failure(once.get("a")), errc::integrity);
    }
}

INSTANTIATE_TEST_SUITE_P(On, S3Flips, ::testing::Values(stub::aws(), stub::r2(), stub::old()),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace infra::storage
