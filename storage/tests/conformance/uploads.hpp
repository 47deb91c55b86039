#pragma once

#include "subject.hpp"

namespace infra::storage {

/// An upload that a test makes: parts of the least size, and a short last one.
class parts_of_test {
public:
    parts_of_test(std::size_t whole, std::size_t last) {
        for (std::size_t i = 0; i < whole; ++i)
            bytes.push_back(some_bytes(std::size_t{5} << 20, i + 1));
        if (last > 0)
            bytes.push_back(some_bytes(last, 99));
    }
    std::string all() const {
        std::string joined;
        for (const auto& each : bytes)
            joined += each;
        return joined;
    }
    std::vector<std::string> bytes;
};

class BucketUploads : public BucketConformance {
protected:
    void SetUp() override {
        BucketConformance::SetUp();
        if (!IsSkipped())
            ASSERT_LE(can.min_part, std::uint64_t{5} << 20);
    }

    upload_id begin(std::string_view name) { return get(subject.object->begin_upload({.key = at(name)}, soon())); }
    part put_part(const upload_id& to, int number, const std::string& bytes) {
        return get(subject.object->put_part(to, number, bytes, sum_of(bytes), soon()));
    }
    boost::system::error_code part_failure(const upload_id& to, int number, const std::string& bytes) {
        return failure(subject.object->put_part(to, number, bytes, sum_of(bytes), soon()));
    }
    std::vector<part> put_all(const upload_id& to, const parts_of_test& from) {
        std::vector<part> done;
        for (const auto& each : from.bytes)
            done.push_back(put_part(to, static_cast<int>(done.size()) + 1, each));
        return done;
    }
    object_info complete(const upload_id& of, std::vector<part> parts, put_request what = {}) {
        what.key = of.key;
        return get(subject.object->complete_upload(of, std::move(parts), std::move(what), soon()));
    }
    std::shared_ptr<testing::outcome<object_info>> try_complete(const upload_id& of, std::vector<part> parts,
                                                                put_request what = {}) {
        what.key = of.key;
        return loop.run(subject.object->complete_upload(of, std::move(parts), std::move(what), soon()));
    }
    std::vector<std::string> uploads_below(std::string_view name) {
        std::vector<std::string> keys;
        std::string token;
        do {
            auto page = get(subject.object->list_uploads(at(name), token, soon()));
            for (const auto& each : page.uploads)
                keys.push_back(each.upload.key.substr(prefix.size()));
            token = page.token;
        } while (!token.empty());
        std::ranges::sort(keys);
        return keys;
    }
};

TEST_P(BucketUploads, MakeAnObjectOfParts) {
    const parts_of_test of(2, 100'003);
    auto what =
        put_request{.key = at("video.mp4"), .attributes = {.content_type = "video/mp4", .metadata = {{"by", "Ånn"}}}};
    const auto upload = get(subject.object->begin_upload(what, soon()));
    EXPECT_EQ(upload.key, at("video.mp4"));
    EXPECT_FALSE(upload.id.empty());
    const auto parts = put_all(upload, of);
    EXPECT_FALSE(exists("video.mp4"));
    EXPECT_TRUE(names().empty());
    const auto all = of.all();
    what.checksum = sum_of(all);
    const auto made = complete(upload, parts, what);
    EXPECT_EQ(made.key, at("video.mp4"));
    const auto info = head("video.mp4");
    EXPECT_EQ(info.size, all.size());
    EXPECT_EQ(info.etag, made.etag);
    EXPECT_EQ(info.content_type, "video/mp4");
    EXPECT_EQ(info.metadata, (metadata_map{{"by", "Ånn"}}));
    EXPECT_TRUE(read("video.mp4") == all);
    EXPECT_TRUE(uploads_below("").empty());
}

TEST_P(BucketUploads, TakePartsInAnyOrder) {
    const parts_of_test of(2, 7);
    const auto upload = begin("a");
    const auto third = put_part(upload, 3, of.bytes[2]);
    const auto first = put_part(upload, 1, of.bytes[0]);
    const auto second = put_part(upload, 2, of.bytes[1]);
    EXPECT_EQ(third.number, 3);
    EXPECT_EQ(third.size, 7u);
    EXPECT_FALSE(third.etag.empty());
    complete(upload, {first, second, third});
    EXPECT_TRUE(read("a") == of.all());
}

TEST_P(BucketUploads, TakePartsAtOnce) {
    const parts_of_test of(4, 11);
    const auto upload = begin("a");
    std::vector<part> parts(of.bytes.size());
    at_once(static_cast<int>(parts.size()), [&](int i) {
        testing::test_loop mine;
        const auto& bytes = of.bytes[static_cast<std::size_t>(i)];
        parts[static_cast<std::size_t>(i)] =
            mine.get(subject.object->put_part(upload, i + 1, bytes, sum_of(bytes), soon()));
    });
    complete(upload, parts);
    EXPECT_TRUE(read("a") == of.all());
}

TEST_P(BucketUploads, MayLeaveNumbersOut) {
    const parts_of_test of(1, 7);
    const auto upload = begin("a");
    const auto first = put_part(upload, 5, of.bytes[0]);
    const auto second = put_part(upload, 10'000, of.bytes[1]);
    complete(upload, {first, second});
    EXPECT_TRUE(read("a") == of.all());
}

TEST_P(BucketUploads, TellWhichPartsAreThere) {
    const parts_of_test of(1, 7);
    const auto upload = begin("a");
    EXPECT_TRUE(get(subject.object->list_parts(upload, soon())).empty());
    const auto second = put_part(upload, 2, of.bytes[1]);
    const auto first = put_part(upload, 1, of.bytes[0]);
    const auto parts = get(subject.object->list_parts(upload, soon()));
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].number, 1);
    EXPECT_EQ(parts[0].etag, first.etag);
    EXPECT_EQ(parts[0].size, std::uint64_t{5} << 20);
    EXPECT_EQ(parts[1].number, 2);
    EXPECT_EQ(parts[1].etag, second.etag);
    EXPECT_EQ(parts[1].size, 7u);
    complete(upload, parts);
    EXPECT_TRUE(read("a") == of.all());
}

TEST_P(BucketUploads, ReplaceAPartThatComesAgain) {
    const auto upload = begin("a");
    const auto first = put_part(upload, 1, "first");
    const auto second = put_part(upload, 1, "second");
    EXPECT_NE(first.etag, second.etag);
    EXPECT_EQ(code(try_complete(upload, {first})->failure), errc::refused);
    EXPECT_FALSE(exists("a"));
    complete(upload, {second});
    EXPECT_EQ(read("a"), "second");
}

TEST_P(BucketUploads, RefusePartsThatDidNotArrive) {
    const parts_of_test of(1, 7);
    const auto upload = begin("a");
    const auto parts = put_all(upload, of);
    auto wrong = parts;
    wrong[1].number = 3;
    EXPECT_EQ(code(try_complete(upload, wrong)->failure), errc::refused);
    wrong = parts;
    wrong[0].etag = parts[1].etag;
    EXPECT_EQ(code(try_complete(upload, wrong)->failure), errc::refused);
    EXPECT_FALSE(exists("a"));
    complete(upload, parts);
    EXPECT_TRUE(read("a") == of.all());
}

TEST_P(BucketUploads, RefuseASmallPartThatIsNotTheLast) {
    if (can.min_part <= 10)
        GTEST_SKIP() << "it takes parts of any size";
    const auto upload = begin("a");
    const auto first = put_part(upload, 1, "too small");
    const auto second = put_part(upload, 2, "the last");
    const auto done = try_complete(upload, {first, second});
    EXPECT_EQ(code(done->failure), errc::refused);
    if (done->failure)
        EXPECT_EQ(word_of(done->failure), "EntityTooSmall");
    EXPECT_FALSE(exists("a"));
}

TEST_P(BucketUploads, RefuseAPartThatIsNotWhatItsChecksumSays) {
    const auto upload = begin("a");
    EXPECT_EQ(failure(subject.object->put_part(upload, 1, shared_bytes("hello"), sum_of("hellO"), soon())),
              errc::integrity);
    EXPECT_TRUE(get(subject.object->list_parts(upload, soon())).empty());
}

TEST_P(BucketUploads, RefuseAWholeThatIsNotWhatItsChecksumSays) {
    if (!can.keeps_checksums)
        GTEST_SKIP() << "it keeps none";
    const parts_of_test of(1, 7);
    const auto upload = begin("a");
    auto parts = put_all(upload, of);
    EXPECT_EQ(code(try_complete(upload, parts, {.checksum = sum_of("other")})->failure), errc::integrity);
    EXPECT_FALSE(exists("a"));
}

TEST_P(BucketUploads, GiveTheWholesChecksumBack) {
    if (!can.keeps_checksums)
        GTEST_SKIP() << "it keeps none";
    const parts_of_test of(1, 7);
    const auto upload = begin("a");
    const auto sum = sum_of(of.all());
    complete(upload, put_all(upload, of), {.checksum = sum});
    EXPECT_EQ(head("a").checksum, sum);
}

TEST_P(BucketUploads, LeaveNothingWhenAborted) {
    const auto upload = begin("a");
    const auto first = put_part(upload, 1, "first");
    EXPECT_EQ(uploads_below("a"), std::vector<std::string>{"a"});
    wait(subject.object->abort_upload(upload, soon()));
    EXPECT_EQ(part_failure(upload, 2, "second"), errc::no_upload);
    EXPECT_EQ(failure(subject.object->list_parts(upload, soon())), errc::no_upload);
    EXPECT_EQ(code(try_complete(upload, {first})->failure), errc::no_upload);
    wait(subject.object->abort_upload(upload, soon()));
    EXPECT_TRUE(uploads_below("").empty());
    EXPECT_FALSE(exists("a"));
}

TEST_P(BucketUploads, AreUnknownUntilTheyBegin) {
    const auto real = begin("a");
    const upload_id other{.key = at("b"), .id = real.id};
    EXPECT_EQ(part_failure(other, 1, "x"), errc::no_upload);
    EXPECT_EQ(failure(subject.object->list_parts(other, soon())), errc::no_upload);
}

TEST_P(BucketUploads, AreOverOnceCompleted) {
    const auto upload = begin("a");
    const auto only = put_part(upload, 1, "hello");
    const auto made = complete(upload, {only});
    const auto again = try_complete(upload, {only});
    if (again->failure)
        EXPECT_EQ(code(again->failure), errc::no_upload);
    else
        EXPECT_EQ(again->value->etag, made.etag); // some stores remember
    EXPECT_EQ(part_failure(upload, 2, "x"), errc::no_upload);
    EXPECT_EQ(read("a"), "hello");
    EXPECT_EQ(head("a").etag, made.etag);
}

TEST_P(BucketUploads, CreateOnlyWhatIsNotThere) {
    if (!can.conditional_writes)
        GTEST_SKIP() << "it has no conditional writes";
    const auto first = begin("a"), second = begin("a");
    const auto of_first = put_part(first, 1, "first"), of_second = put_part(second, 1, "second");
    complete(first, {of_first}, {.write = {.if_absent = true}});
    EXPECT_EQ(code(try_complete(second, {of_second}, {.write = {.if_absent = true}})->failure), errc::precondition);
    EXPECT_EQ(read("a"), "first");
}

TEST_P(BucketUploads, OfOneKeyDoNotKnowEachOther) {
    const auto first = begin("a"), second = begin("a");
    EXPECT_NE(first.id, second.id);
    const auto of_first = put_part(first, 1, "first");
    put_part(second, 1, "second");
    complete(first, {of_first});
    EXPECT_EQ(read("a"), "first");
    const auto left = get(subject.object->list_parts(second, soon()));
    complete(second, left);
    EXPECT_EQ(read("a"), "second");
}

TEST_P(BucketUploads, ReplaceAnObject) {
    put("a", "old");
    const auto upload = begin("a");
    const auto only = put_part(upload, 1, "new");
    EXPECT_EQ(read("a"), "old");
    complete(upload, {only});
    EXPECT_EQ(read("a"), "new");
}

TEST_P(BucketUploads, AreListedByPrefix) {
    for (const char* name : {"x/1", "x/2", "y", "x/1"})
        begin(name);
    EXPECT_EQ(uploads_below(""), (std::vector<std::string>{"x/1", "x/1", "x/2", "y"}));
    EXPECT_EQ(uploads_below("x/"), (std::vector<std::string>{"x/1", "x/1", "x/2"}));
    EXPECT_TRUE(uploads_below("z").empty());
    const auto page = get(subject.object->list_uploads(at("y"), {}, soon()));
    ASSERT_EQ(page.uploads.size(), 1u);
    EXPECT_GT(page.uploads[0].begun, from_unix_ms(1'500'000'000'000));
    for (const auto& each : get(subject.object->list_uploads(prefix, {}, soon())).uploads)
        wait(subject.object->abort_upload(each.upload, soon()));
    EXPECT_TRUE(uploads_below("").empty());
}

TEST_P(BucketUploads, TakePartsFromOtherObjects) {
    const auto bytes = some_bytes((6 << 20) + 5);
    put("from", bytes);
    const auto upload = begin("to");
    const std::uint64_t cut = 5 << 20;
    const auto first = get(subject.object->copy_part(upload, 1, {.from = at("from"), .length = cut}, soon()));
    const auto second = get(subject.object->copy_part(
        upload, 2, {.from = at("from"), .offset = cut, .length = bytes.size() - cut, .if_match = head("from").etag},
        soon()));
    complete(upload, {first, second});
    EXPECT_TRUE(read("to") == bytes);
}

TEST_P(BucketUploads, RefusePartsFromWhatIsNotThere) {
    const auto old_etag = put("from", "old").etag;
    put("from", "new!");
    const auto upload = begin("to");
    EXPECT_EQ(failure(subject.object->copy_part(upload, 1, {.from = at("none"), .length = 1}, soon())),
              errc::not_found);
    EXPECT_EQ(
        failure(subject.object->copy_part(upload, 1, {.from = at("from"), .length = 3, .if_match = old_etag}, soon())),
        errc::precondition);
    EXPECT_TRUE(get(subject.object->list_parts(upload, soon())).empty());
}

} // namespace infra::storage
