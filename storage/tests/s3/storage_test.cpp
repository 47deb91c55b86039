// The room's calls over S3: what the bucket tells is enough for them to do the right thing.

#include "on_stub.hpp"

#include <infra/storage.hpp>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;
using stub::trouble;

struct StorageOnS3 : ::testing::TestWithParam<stub::profile> {
    on_stub s3{GetParam()};
    storage files{{.bucket = s3.bucket, .prefix = "p/", .pause = {.delay = 1ms}, .part_size = 5 << 20}};

    template <class T>
    T get(awaitable<T> operation) {
        return s3.loop.get(std::move(operation));
    }
    void wait(awaitable<void> operation) { s3.loop.wait(std::move(operation)); }
};

TEST_P(StorageOnS3, DoesWhatItDoesEverywhere) {
    const auto made = get(files.put("a.txt", "hello", {.metadata = {{"who", "Jürgen"}}}));
    EXPECT_EQ(made.key, "a.txt");
    const auto back = get(files.get("a.txt"));
    EXPECT_EQ(back.bytes, "hello");
    EXPECT_EQ(back.info.content_type, "text/plain; charset=utf-8");
    EXPECT_EQ(back.info.metadata, (metadata_map{{"who", "Jürgen"}}));
    EXPECT_EQ(get(files.move("a.txt", "b/c.txt")).size, 5u);
    EXPECT_FALSE(get(files.exists("a.txt")));
    EXPECT_EQ(get(files.get("b/c.txt", {.range = byte_range{.last = 2}})).bytes, "lo");
    EXPECT_EQ(get(files.list_all("")).at(0).key, "b/c.txt");
    EXPECT_EQ(get(files.remove_many({"b/c.txt", "none"})).size(), 2u);
    EXPECT_FALSE(get(files.head("b/c.txt")));
    wait(files.ping());
}

TEST_P(StorageOnS3, TriesAgainWhatMayPass) {
    get(files.put("first", "x")); // what there is to learn is learnt
    const auto before = s3.asked("put");
    s3.server.faults().add(stub::slow_down(2, "put"));
    get(files.put("a", "hello"));
    EXPECT_EQ(s3.asked("put"), before + 3);
    for (const auto what : {trouble::reset_after, trouble::cut_answer, trouble::flip_answer}) {
        s3.server.faults().add({.op = "get", .times = 2, .what = what, .at = 2});
        EXPECT_EQ(get(files.get("a")).bytes, "hello") << static_cast<int>(what);
    }
}

TEST_P(StorageOnS3, KnowsEveryByteThatIsAnother) {
    for (std::uint64_t at = 0; at < 5; ++at) {
        s3.server.faults().clear();
        get(files.put("a", "hello"));
        s3.server.faults().add({.op = "get", .times = -1, .what = trouble::flip_answer, .at = at});
        EXPECT_EQ(s3.failure(files.get("a")).code(), errc::integrity) << at;
        s3.server.faults().add({.op = "put", .times = -1, .what = trouble::flip_request, .at = at});
        EXPECT_EQ(s3.failure(files.put("b", "hello")).code(), errc::integrity) << at;
        EXPECT_FALSE(get(files.exists("b")));
    }
}

TEST_P(StorageOnS3, PutsByPartsWhatIsLong) {
    const std::string bytes(11 << 20, 'x');
    const auto made = get(files.put("long", bytes));
    EXPECT_EQ(made.size, bytes.size());
    EXPECT_EQ(s3.asked("part"), 3u);
    EXPECT_EQ(get(files.get("long")).bytes, bytes);
    EXPECT_TRUE(s3.server.s3().uploads().empty());
}

TEST_P(StorageOnS3, LetsNoMetadataStandInForAChecksum) {
    const auto forged = checksum_of("other", checksum_kind::sha256).base64();
    EXPECT_EQ(s3.failure(files.put("a", "hello", {.metadata = {{"infra-sha256", forged}}})).code(),
              infra::errc::invalid_input);
}

INSTANTIATE_TEST_SUITE_P(Stub, StorageOnS3,
                         ::testing::Values(stub::aws(), stub::composite(), stub::r2(), stub::old(), stub::bare()),
                         [](const auto& info) { return info.param.name; });

} // namespace
} // namespace infra::storage
