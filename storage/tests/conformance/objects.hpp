#pragma once

#include "subject.hpp"

namespace infra::storage {

TEST_P(BucketConformance, NamesAndDescribesItself) {
    EXPECT_FALSE(subject.object->name().empty());
    EXPECT_FALSE(subject.object->description().empty());
    EXPECT_GE(can.max_parts, 1u);
    EXPECT_GE(can.max_remove, 1u);
    EXPECT_LE(can.min_part, can.max_part);
}

TEST_P(BucketConformance, AnswersAPing) { wait(subject.object->ping(soon())); }

TEST_P(BucketConformance, GivesBackWhatWasPut) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{10} << 10, (std::size_t{1} << 20) + 1, std::size_t{5} << 20}) {
        SCOPED_TRACE(size);
        const auto name = "of-" + std::to_string(size);
        const auto bytes = some_bytes(size);
        const auto put_info = put(name, bytes);
        EXPECT_EQ(put_info.key, at(name));
        EXPECT_EQ(put_info.size, size);
        EXPECT_FALSE(put_info.etag.empty());
        EXPECT_EQ(put_info.etag.find('"'), std::string::npos);
        auto open = get(subject.object->get({.key = at(name)}, soon()));
        EXPECT_EQ(open.offset, 0u);
        EXPECT_EQ(open.length, size);
        EXPECT_EQ(open.info.key, at(name));
        EXPECT_EQ(open.info.size, size);
        EXPECT_EQ(open.info.etag, put_info.etag);
        EXPECT_TRUE(get(all_of(std::move(open))) == bytes);
    }
}

TEST_P(BucketConformance, TellsWhatItKnowsOfAnObject) {
    const auto stored = put("a.txt", "hello");
    const auto info = head("a.txt");
    EXPECT_EQ(info.key, at("a.txt"));
    EXPECT_EQ(info.size, 5u);
    EXPECT_EQ(info.etag, stored.etag);
    EXPECT_GT(info.modified, from_unix_ms(1'500'000'000'000));
    EXPECT_EQ(info.modified, std::chrono::floor<std::chrono::seconds>(info.modified));
}

TEST_P(BucketConformance, KeepsAttributes) {
    const object_attributes attributes{.content_type = "text/plain; charset=utf-8",
                                       .cache_control = "public, max-age=60",
                                       .content_disposition = "attachment; filename=\"a b.txt\"",
                                       .content_encoding = "identity",
                                       .content_language = "de",
                                       .metadata = {{"user", "Grüße, 世界 🎉"}, {"sum", "100% a=b%20c"}, {"x-y", "z"}}};
    auto what = request("a.txt", "hello");
    what.attributes = attributes;
    get(subject.object->put(what, {.bytes = "hello"}, soon()));
    for (const auto& info : {head("a.txt"), get(subject.object->get({.key = at("a.txt")}, soon())).info}) {
        EXPECT_EQ(info.content_type, attributes.content_type);
        EXPECT_EQ(info.cache_control, attributes.cache_control);
        EXPECT_EQ(info.content_disposition, attributes.content_disposition);
        EXPECT_EQ(info.content_encoding, attributes.content_encoding);
        EXPECT_EQ(info.content_language, attributes.content_language);
        EXPECT_EQ(info.metadata, attributes.metadata);
    }
}

TEST_P(BucketConformance, ReplacesAttributesWithTheBytes) {
    auto what = request("a.txt", "hello");
    what.attributes = {.content_type = "text/plain", .cache_control = "no-store", .metadata = {{"old", "1"}}};
    get(subject.object->put(what, {.bytes = "hello"}, soon()));
    what = request("a.txt", "hello!");
    what.attributes = {.content_type = "text/html", .metadata = {{"new", "2"}}};
    get(subject.object->put(what, {.bytes = "hello!"}, soon()));
    const auto info = head("a.txt");
    EXPECT_EQ(info.content_type, "text/html");
    EXPECT_EQ(info.cache_control, "");
    EXPECT_EQ(info.metadata, (metadata_map{{"new", "2"}}));
    EXPECT_EQ(read("a.txt"), "hello!");
}

TEST_P(BucketConformance, ChangesTheEtagWithTheBytes) {
    const auto first = put("a", "one").etag;
    const auto second = put("a", "two").etag;
    EXPECT_NE(first, second);
    EXPECT_EQ(head("a").etag, second);
}

TEST_P(BucketConformance, GivesTheChecksumBack) {
    if (!can.keeps_checksums)
        GTEST_SKIP() << "it keeps none";
    const auto bytes = some_bytes(100'000);
    put("a", bytes);
    EXPECT_EQ(head("a").checksum, sum_of(bytes));
    EXPECT_EQ(get(subject.object->get({.key = at("a")}, soon())).info.checksum, sum_of(bytes));
}

TEST_P(BucketConformance, RefusesBytesThatAreNotWhatTheirChecksumSays) {
    const std::string bytes = "hello", others = "hellO";
    EXPECT_EQ(failure(subject.object->put(request("a", bytes), {.bytes = others}, soon())), errc::integrity);
    EXPECT_FALSE(exists("a"));
    put("a", bytes);
    EXPECT_EQ(failure(subject.object->put(request("a", others), {.bytes = bytes}, soon())), errc::integrity);
    EXPECT_EQ(read("a"), bytes);
}

TEST_P(BucketConformance, ReadsRanges) {
    put("digits", "0123456789");
    const std::pair<byte_range, std::string_view> table[] = {
        {{.offset = 0, .length = 1}, "0"},
        {{.offset = 3, .length = 4}, "3456"},
        {{.offset = 5}, "56789"},
        {{.offset = 9}, "9"},
        {{.offset = 9, .length = 1}, "9"},
        {{.offset = 8, .length = 100}, "89"},
        {{.offset = 0, .length = 10}, "0123456789"},
        {{.last = 3}, "789"},
        {{.last = 10}, "0123456789"},
        {{.last = 500}, "0123456789"},
    };
    for (const auto& [range, expected] : table) {
        SCOPED_TRACE(expected);
        auto open = get(subject.object->get({.key = at("digits"), .range = range}, soon()));
        EXPECT_EQ(open.info.size, 10u);
        EXPECT_EQ(open.length, expected.size());
        EXPECT_EQ(open.offset, static_cast<std::uint64_t>(expected.front() - '0'));
        EXPECT_EQ(get(all_of(std::move(open))), expected);
    }
}

TEST_P(BucketConformance, RefusesRangesThatBeginBehindTheEnd) {
    put("digits", "0123456789");
    put("nothing", "");
    const auto failure_for = [&](std::string_view name, byte_range range) {
        return failure(subject.object->get({.key = at(name), .range = range}, soon()));
    };
    EXPECT_EQ(failure_for("digits", {.offset = 10}), errc::bad_range);
    EXPECT_EQ(failure_for("digits", {.offset = 11, .length = 1}), errc::bad_range);
    EXPECT_EQ(failure_for("nothing", {.offset = 0, .length = 1}), errc::bad_range);
    EXPECT_EQ(failure_for("nothing", {.offset = 1}), errc::bad_range);
}

TEST_P(BucketConformance, ReadsARangeOfALargeObject) {
    const auto bytes = some_bytes((3 << 20) + 17);
    put("large", bytes);
    EXPECT_TRUE(read("large", byte_range{.offset = 1'000'003, .length = 1'500'007}) ==
                bytes.substr(1'000'003, 1'500'007));
}

TEST_P(BucketConformance, SaysThatNothingIsThere) {
    EXPECT_EQ(failure(subject.object->get({.key = at("none")}, soon())), errc::not_found);
    EXPECT_EQ(failure(subject.object->head(at("none"), {}, soon())), errc::not_found);
    EXPECT_EQ(failure(subject.object->copy({.from = at("none"), .to = at("copy")}, soon())), errc::not_found);
    EXPECT_FALSE(exists("copy"));
}

TEST_P(BucketConformance, RemovesOnceAndAgain) {
    put("a", "hello");
    remove("a");
    EXPECT_FALSE(exists("a"));
    remove("a");
    put("a", "again");
    EXPECT_EQ(read("a"), "again");
}

TEST_P(BucketConformance, RemovesManyAndAnswersForEachInOrder) {
    put("a", "1");
    put("b/c", "2");
    put("stays", "3");
    const std::vector<std::string> keys{at("b/c"), at("never there"), at("a")};
    const auto done = get(subject.object->remove_many(keys, soon()));
    ASSERT_EQ(done.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        EXPECT_EQ(done[i].key, keys[i]);
        EXPECT_FALSE(done[i].failure) << done[i].failure->what();
    }
    EXPECT_EQ(names(), std::vector<std::string>{"stays"});
    EXPECT_TRUE(get(subject.object->remove_many({}, soon())).empty());
}

TEST_P(BucketConformance, CopiesWithAttributes) {
    const auto bytes = some_bytes(200'000);
    auto what = request("from", bytes);
    what.attributes = {.content_type = "image/png", .cache_control = "no-cache", .metadata = {{"by", "Ånn"}}};
    get(subject.object->put(what, {.bytes = bytes}, soon()));
    const auto copied = get(subject.object->copy({.from = at("from"), .to = at("to/here")}, soon()));
    EXPECT_EQ(copied.key, at("to/here"));
    EXPECT_TRUE(read("to/here") == bytes);
    const auto info = head("to/here");
    EXPECT_EQ(info.etag, copied.etag);
    EXPECT_EQ(info.content_type, "image/png");
    EXPECT_EQ(info.cache_control, "no-cache");
    EXPECT_EQ(info.metadata, (metadata_map{{"by", "Ånn"}}));
    if (can.keeps_checksums)
        EXPECT_EQ(info.checksum, sum_of(bytes));
    EXPECT_TRUE(read("from") == bytes);
}

TEST_P(BucketConformance, CopiesWithOtherAttributes) {
    auto what = request("from", "hello");
    what.attributes = {.content_type = "image/png", .cache_control = "no-cache", .metadata = {{"by", "me"}}};
    get(subject.object->put(what, {.bytes = "hello"}, soon()));
    const object_attributes others{.content_type = "image/gif", .metadata = {{"for", "you"}}};
    get(subject.object->copy({.from = at("from"), .to = at("to"), .attributes = others}, soon()));
    const auto info = head("to");
    EXPECT_EQ(info.content_type, "image/gif");
    EXPECT_EQ(info.cache_control, "");
    EXPECT_EQ(info.metadata, (metadata_map{{"for", "you"}}));
    EXPECT_EQ(head("from").content_type, "image/png");
}

TEST_P(BucketConformance, CopiesAnObjectOntoItselfWithOtherAttributes) {
    put("a", "hello");
    const object_attributes others{.content_type = "image/gif", .metadata = {{"for", "you"}}};
    get(subject.object->copy({.from = at("a"), .to = at("a"), .attributes = others}, soon()));
    EXPECT_EQ(read("a"), "hello");
    EXPECT_EQ(head("a").content_type, "image/gif");
    EXPECT_EQ(head("a").metadata, others.metadata);
}

TEST_P(BucketConformance, ReplacesTheTargetOfACopy) {
    put("from", "new");
    put("to", "old");
    get(subject.object->copy({.from = at("from"), .to = at("to")}, soon()));
    EXPECT_EQ(read("to"), "new");
}

TEST_P(BucketConformance, ReadsOneVersionThoughItIsReplacedMeanwhile) {
    const auto old_bytes = some_bytes(4 << 20, 1), new_bytes = some_bytes(4 << 20, 2);
    put("a", old_bytes);
    auto open = get(subject.object->get({.key = at("a")}, soon()));
    put("a", new_bytes);
    const auto rest = loop.run(all_of(std::move(open)));
    EXPECT_TRUE(rest->failure || *rest->value == old_bytes) << "neither the whole old object nor an error";
    EXPECT_TRUE(read("a") == new_bytes);
}

TEST_P(BucketConformance, IsSeenByAnotherBucketOfThePlace) {
    if (!subject.another)
        GTEST_SKIP() << "it can be opened once";
    const auto other = subject.another();
    put("a", "hello");
    EXPECT_EQ(get(read_all(other, {.key = at("a")}, soon())), "hello");
    wait(other->remove(at("a"), {}, soon()));
    EXPECT_FALSE(exists("a"));
}

} // namespace infra::storage
