#include "tests/fake_storage.hpp"

#include "src/put_mark.hpp"

namespace infra::storage {
namespace {

struct StorageCopy : fake_storage {
    StorageCopy() { to->store("a", "hello", {.content_type = "text/plain", .metadata = {{"by", "Ann"}}}); }
};

TEST_F(StorageCopy, KeepsOrReplacesWhatIsKnownOfIt) {
    const auto info = get(files().copy("a", "b"));
    EXPECT_EQ(info.key, "b");
    EXPECT_EQ(bytes_of("b"), "hello");
    EXPECT_EQ(to->find("b")->info.metadata, (metadata_map{{"by", "Ann"}}));
    get(files().copy("a", "c", {.attributes = object_attributes{.content_type = "text/x-mine"}}));
    EXPECT_EQ(to->find("c")->info.content_type, "text/x-mine");
    EXPECT_TRUE(to->find("c")->info.metadata.empty());
    get(files().copy("a", "a", {.attributes = object_attributes{.content_type = "text/x-new"}}));
    EXPECT_EQ(to->find("a")->info.content_type, "text/x-new");
}

TEST_F(StorageCopy, RefusesWhatCannotBe) {
    EXPECT_EQ(refusal(files().copy("none", "b"))->code(), errc::not_found);
    EXPECT_EQ(refusal(files().copy("a", "a"))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().copy("a", "b//"))->code(), infra::errc::invalid_input);
    EXPECT_EQ(refusal(files().copy("a", "b", {.source_if_match = "other"}))->code(), errc::precondition);
    EXPECT_EQ(refusal(files().move("a", "a", {.attributes = object_attributes{}}))->code(), infra::errc::invalid_input);
    EXPECT_EQ(bytes_of("a"), "hello");
}

TEST_F(StorageCopy, KnowsItsOwnCopyAgainAfterALostAnswer) {
    to->lose("copy", lost);
    const auto info = get(files().copy("a", "b", {.if_absent = true}));
    EXPECT_EQ(info.metadata, (metadata_map{{"by", "Ann"}}));
    EXPECT_EQ(info.content_type, "text/plain");
    EXPECT_EQ(to->count("copy"), 2u);

    to->fail("copy", lost);
    to->store("c", "hello", {.content_type = "text/plain", .metadata = {{"by", "Ann"}}}); // somebody else's
    EXPECT_EQ(refusal(files().copy("a", "c", {.if_absent = true}))->code(), errc::precondition);
}

TEST_F(StorageCopy, MovesWhatItHasCopied) {
    get(files().move("a", "b"));
    EXPECT_EQ(bytes_of("b"), "hello");
    EXPECT_EQ(bytes_of("a"), "(none)");
}

TEST_F(StorageCopy, LeavesBothWhereTheCopyFails) {
    to->fail("copy", denied);
    EXPECT_EQ(refusal(files().move("a", "b"))->code(), errc::denied);
    EXPECT_EQ(bytes_of("a"), "hello");
    EXPECT_EQ(to->count("remove"), 0u);
}

TEST_F(StorageCopy, RemovesNoVersionThatItHasNotCopied) {
    to->after("copy", [this] { to->store("a", "newer"); });
    EXPECT_EQ(refusal(files().move("a", "b"))->code(), errc::precondition);
    EXPECT_EQ(bytes_of("a"), "newer");
    EXPECT_EQ(bytes_of("b"), "hello");
}

TEST_F(StorageCopy, MovesAlsoWhereAStoreKnowsNoConditions) {
    to->fail("remove", storage_error(errc::unsupported, "no If-Match here"));
    get(files().move("a", "b"));
    EXPECT_EQ(bytes_of("a"), "(none)");
    to->can.conditional_writes = false;
    get(files().move("b", "c"));
    EXPECT_EQ(to->objects(), 1u);
}

} // namespace
} // namespace infra::storage
