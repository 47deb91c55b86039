#pragma once

#include "subject.hpp"

#include <stdexcept>

namespace infra::storage {

class BucketSources : public BucketConformance {
protected:
    void SetUp() override {
        BucketConformance::SetUp();
        if (!IsSkipped() && !can.streams)
            GTEST_SKIP() << "it takes bytes alone";
    }
    std::shared_ptr<testing::outcome<object_info>> try_put(put_request what, byte_source from,
                                                           std::optional<std::uint64_t> size) {
        return loop.run(subject.object->put(std::move(what), {.source = std::move(from), .source_size = size}, soon()));
    }
};

TEST_P(BucketSources, AreTakenWholeInPiecesOfAnySize) {
    const auto bytes = some_bytes((2 << 20) + 3);
    for (const std::size_t piece : {std::size_t{70'001}, std::size_t{1} << 20, bytes.size()}) {
        SCOPED_TRACE(piece);
        for (const bool known : {true, false}) {
            const auto size = known ? std::optional<std::uint64_t>(bytes.size()) : std::nullopt;
            const auto done = try_put({.key = at("a")}, source_of(bytes, piece), size);
            ASSERT_FALSE(done->failure) << done->what();
            EXPECT_EQ(done->value->size, bytes.size());
            if (can.keeps_checksums)
                EXPECT_EQ(done->value->checksum, sum_of(bytes));
            EXPECT_TRUE(read("a") == bytes);
            remove("a");
        }
    }
}

TEST_P(BucketSources, MayBeEmpty) {
    ASSERT_FALSE(try_put({.key = at("a")}, source_of("", 1), {})->failure);
    EXPECT_EQ(read("a"), "");
}

TEST_P(BucketSources, OfAnotherLengthThanTheySaidLeaveNothing) {
    put("there", "old");
    for (const std::uint64_t said : {0u, 9u, 11u})
        for (const char* name : {"a", "there"})
            EXPECT_EQ(code(try_put({.key = at(name)}, source_of("0123456789", 3), said)->failure),
                      infra::errc::invalid_input)
                << said;
    EXPECT_EQ(names(), std::vector<std::string>{"there"});
    EXPECT_EQ(read("there"), "old");
}

TEST_P(BucketSources, ThatThrowLeaveNothing) {
    put("there", "old");
    for (const char* name : {"a", "there"}) {
        const auto done = try_put({.key = at(name)}, source_of(some_bytes(3 << 20), 1 << 20, true), {});
        EXPECT_EQ(done->what(), "the source is broken");
    }
    EXPECT_EQ(names(), std::vector<std::string>{"there"});
    EXPECT_EQ(read("there"), "old");
}

TEST_P(BucketSources, AreHeldToTheirChecksum) {
    EXPECT_EQ(code(try_put({.key = at("a"), .checksum = sum_of("hellO")}, source_of("hello", 2), 5)->failure),
              errc::integrity);
    EXPECT_FALSE(exists("a"));
    ASSERT_FALSE(try_put({.key = at("a"), .checksum = sum_of("hello")}, source_of("hello", 2), 5)->failure);
    EXPECT_EQ(read("a"), "hello");
}

TEST_P(BucketSources, AreHeldToConditions) {
    if (!can.conditional_writes)
        GTEST_SKIP() << "it has no conditional writes";
    put("a", "old");
    EXPECT_EQ(code(try_put({.key = at("a"), .write = {.if_absent = true}}, source_of("new", 2), {})->failure),
              errc::precondition);
    EXPECT_EQ(read("a"), "old");
}

} // namespace infra::storage
