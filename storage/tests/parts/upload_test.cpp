#include "src/parts/upload.hpp"

#include "tests/fake_bucket.hpp"
#include "tests/support.hpp"

#include <infra/storage/storage.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;

const storage_error down(infra::errc::unavailable, "no connection");
const storage_error lost(infra::errc::unavailable, "the answer was lost",
                         {.name = "unavailable", .retryable = true, .uncertain = true});

struct Upload : ::testing::Test {
    testing::test_loop loop;
    manual_clock time;
    temporary_folder folder;
    std::shared_ptr<fake_bucket> fake = std::make_shared<fake_bucket>(time);
    storage_options options{.bucket = fake, .prefix = "tenants/7/", .pause = {.delay = 0ms}, .time = &time};
    std::shared_ptr<const core> with;
    const std::string bytes = some_bytes(350);

    Upload() {
        fake->can = {.remote = true, .min_part = 1, .max_part = 10u << 20, .max_parts = 100};
        with = std::make_shared<const core>(options);
    }

    // With parts of a hundred bytes, which begin_upload() would find too small.
    upload begun(std::optional<std::uint64_t> size = {}) {
        upload_record record{
            .part_size = 100, .size = size, .sum = checksum_kind::crc32c, .attributes = {.content_type = "video/mp4"}};
        record.upload = loop.get(fake->begin_upload({.key = "tenants/7/v", .attributes = record.attributes}, {}));
        return upload(std::make_shared<upload::state>(with, record));
    }
    upload resumed(const std::string& token) { return loop.get(resume_upload(with, token)); }

    shared_bytes part_of(int number) const { return bytes.substr(static_cast<std::size_t>(number - 1) * 100, 100); }
    std::string there() const { return fake->find("tenants/7/v")->bytes; }

    template <class T>
    storage_error failure_of_run(awaitable<T> operation) {
        const auto ended = loop.run(std::move(operation));
        if (!ended->failure)
            throw std::logic_error("it did not fail");
        return failure_of(ended->failure);
    }
};

TEST_F(Upload, TakesPartsInAnyOrder) {
    const auto up = begun();
    EXPECT_EQ(up.key(), "v");
    EXPECT_EQ(up.part_size(), 100u);
    for (const int number : {3, 1, 4, 2}) {
        const auto made = loop.get(up.put_part(number, part_of(number)));
        EXPECT_EQ(made.number, number);
        EXPECT_EQ(made.checksum, checksum_of(part_of(number).view()));
    }
    const auto info = loop.get(up.complete());
    EXPECT_EQ(info.key, "v") << "without the storage's prefix";
    EXPECT_EQ(info.size, 350u);
    EXPECT_EQ(info.checksum, checksum_of(bytes));
    EXPECT_EQ(there(), bytes);
}

TEST_F(Upload, GoesOnFromItsTokenElsewhere) {
    const auto up = begun();
    loop.get(up.put_part(2, part_of(2)));
    const auto token = up.token();
    loop.get(up.put_part(4, part_of(4))); // after the token was stored
    const auto again = resumed(token);
    EXPECT_EQ(again.key(), "v");
    EXPECT_EQ(again.missing(4), (std::vector{1, 3}));
    for (const int number : again.missing(4))
        loop.get(again.put_part(number, part_of(number)));
    EXPECT_EQ(loop.get(again.complete()).checksum, checksum_of(bytes));
    EXPECT_EQ(there(), bytes);
}

TEST_F(Upload, CountsOnlyWhatTheStoreHas) {
    const auto up = begun();
    loop.get(up.put_part(1, part_of(1)));
    upload_record record = from_token(up.token());
    record.parts[2] = {.number = 2, .etag = "never", .size = 100};
    EXPECT_EQ(resumed(to_token(record)).missing(2), std::vector{2});
}

TEST_F(Upload, PutsAPartAgain) {
    const auto up = begun();
    loop.get(up.put_part(1, std::string(100, 'x')));
    loop.get(up.put_part(2, part_of(4)));
    loop.get(up.put_part(1, part_of(1)));
    loop.get(up.complete());
    EXPECT_EQ(there(), bytes.substr(0, 100) + bytes.substr(300));
}

TEST_F(Upload, PutsAFileByParts) {
    const auto up = begun();
    loop.get(up.put_part(3, part_of(3)));
    std::vector<progress> told;
    loop.wait(up.put_file(folder.write("f", bytes), [&](const progress& p) { told.push_back(p); }));
    EXPECT_EQ(fake->count("put_part"), 4u) << "the third was there";
    EXPECT_EQ(told.back().done, 350u);
    loop.wait(up.put_file(folder / "f"));
    EXPECT_EQ(fake->count("put_part"), 4u) << "and now all are";
    loop.get(up.complete());
    EXPECT_EQ(there(), bytes);
}

TEST_F(Upload, PutsPartsOfAFileThatHasChangedAgain) {
    const auto up = begun();
    loop.wait(up.put_file(folder.write("f", bytes)));
    auto changed = bytes;
    changed[150] ^= 1;
    loop.wait(resumed(up.token()).put_file(folder.write("f", changed)));
    EXPECT_EQ(fake->count("put_part"), 5u);
    loop.get(resumed(up.token()).complete());
    EXPECT_EQ(there(), changed);
}

TEST_F(Upload, GoesOnWithAFileAfterAFailure) {
    const auto up = begun();
    fake->pass("put_part");
    fake->fail("put_part", {errc::denied, "not allowed"});
    folder.write("f", bytes);
    EXPECT_EQ(failure_of_run(up.put_file(folder / "f")).code(), errc::denied);
    EXPECT_EQ(fake->uploads(), 1u) << "it is not aborted: it outlives the call";
    loop.wait(up.put_file(folder / "f"));
    loop.get(up.complete());
    EXPECT_EQ(there(), bytes);
}

TEST_F(Upload, RefusesAFileThatCannotBeIt) {
    const auto up = begun(350);
    EXPECT_EQ(failure_of_run(up.put_file(folder.write("f", bytes + "x"))).code(), infra::errc::invalid_input);
    const auto other = begun();
    loop.get(other.put_part(4, part_of(4)));
    EXPECT_EQ(failure_of_run(other.put_file(folder.write("f", bytes.substr(0, 300)))).code(),
              infra::errc::invalid_input);
    EXPECT_EQ(failure_of_run(other.put_file(folder.write("f", std::string(10'001, 'x')))).code(), errc::too_large);
    EXPECT_EQ(failure_of_run(other.put_file(folder / "none")).code(), infra::errc::io);
}

TEST_F(Upload, RefusesPartsThatNoObjectCanBeMadeOf) {
    const auto up = begun();
    EXPECT_EQ(failure_of_run(up.put_part(0, "x")).code(), infra::errc::invalid_input);
    EXPECT_EQ(failure_of_run(up.put_part(101, "x")).code(), infra::errc::invalid_input);
    EXPECT_EQ(failure_of_run(up.put_part(1, std::string(101, 'x'))).code(), infra::errc::invalid_input);
    EXPECT_EQ(fake->count("put_part"), 0u);
}

TEST_F(Upload, IsCompletedOnlyWhenNothingIsMissing) {
    const auto up = begun();
    EXPECT_STREQ(failure_of_run(up.complete()).what(), "complete tenants/7/v: no part has arrived");
    loop.get(up.put_part(1, part_of(1)));
    loop.get(up.put_part(3, part_of(3)));
    EXPECT_STREQ(failure_of_run(up.complete()).what(), "complete tenants/7/v: part 2 of 3 is missing");
    loop.get(up.put_part(2, "short"));
    EXPECT_STREQ(failure_of_run(up.complete()).what(),
                 "complete tenants/7/v: part 2 has 5 bytes; all but the last must have 100, and that no more");
    EXPECT_EQ(fake->count("complete_upload"), 0u);

    const auto known = begun(350);
    for (const int number : {1, 2, 3})
        loop.get(known.put_part(number, part_of(number)));
    EXPECT_STREQ(failure_of_run(known.complete()).what(), "complete tenants/7/v: part 4 of 4 is missing");
    loop.get(known.put_part(4, "x"));
    EXPECT_STREQ(failure_of_run(known.complete()).what(),
                 "complete tenants/7/v: the parts have 301 bytes together, and not the 350 that there were to be");
}

TEST_F(Upload, IsOverOnceItIsCompletedOrAborted) {
    const auto done = begun();
    loop.get(done.put_part(1, part_of(4)));
    loop.get(done.complete());
    const auto gone = begun();
    loop.wait(gone.abort());
    for (const auto& up : {done, gone}) {
        EXPECT_EQ(failure_of_run(up.put_part(2, "x")).code(), errc::no_upload);
        EXPECT_EQ(failure_of_run(up.complete()).code(), errc::no_upload);
        EXPECT_EQ(failure_of_run(resume_upload(with, up.token())).code(), errc::no_upload);
        loop.wait(up.abort());
    }
    EXPECT_EQ(fake->uploads(), 0u);
}

TEST_F(Upload, SettlesALostAnswerToComplete) {
    const auto up = begun();
    loop.wait(up.put_file(folder.write("f", bytes)));
    fake->lose("complete_upload", lost);
    EXPECT_EQ(loop.get(up.complete()).size, 350u);
    EXPECT_EQ(fake->count("complete_upload"), 1u);
}

TEST_F(Upload, IsOfNoOtherStorage) {
    const auto up = begun();
    auto record = from_token(up.token());
    for (const auto* key : {"tenants/8/v", "v", "tenants/7/", "tenants/7/../x"}) {
        record.upload.key = key;
        EXPECT_EQ(failure_of_run(resume_upload(with, to_token(record))).code(), infra::errc::invalid_input) << key;
    }
    EXPECT_EQ(failure_of_run(resume_upload(with, "hello")).code(), infra::errc::invalid_input);
    EXPECT_EQ(fake->count("list_parts"), 0u);
}

TEST_F(Upload, IsBegunWithWhatAPutHas) {
    const storage files(options);
    const auto up = loop.get(files.begin_upload("a.mp4", {.metadata = {{"User", "7"}}, .if_absent = true}));
    EXPECT_EQ(up.key(), "a.mp4");
    EXPECT_EQ(up.part_size(), options.part_size);
    const auto said = fake->begun_uploads().front();
    EXPECT_EQ(said.key, "tenants/7/a.mp4");
    EXPECT_EQ(said.attributes.content_type, "video/mp4");
    EXPECT_EQ(said.attributes.metadata.at("user"), "7");
    EXPECT_TRUE(said.write.if_absent);
    EXPECT_FALSE(said.parts_by_others);
    loop.get(up.put_part(1, "hello"));
    loop.get(up.complete());
    fake->store("tenants/7/b.mp4", "x");
    const auto late = loop.get(files.begin_upload("b.mp4", {.if_absent = true}));
    loop.get(late.put_part(1, "hello"));
    EXPECT_EQ(failure_of_run(late.complete()).code(), errc::precondition);
}

TEST_F(Upload, OfOthersHasAUrlForEachPart) {
    const storage files(options);
    const auto made = loop.get(files.signed_upload_for("v", 1h, {.size = 350, .part_size = 100}));
    EXPECT_EQ(made.part_size, 100u);
    ASSERT_EQ(made.part_urls.size(), 4u);
    EXPECT_EQ(made.part_urls[3], "https://fake/tenants/7/v?part=4");
    EXPECT_TRUE(fake->begun_uploads().front().parts_by_others);

    const auto record = from_token(made.token);
    for (const int number : {1, 2, 3, 4}) // as a browser does, without a checksum
        loop.get(fake->put_part(record.upload, number, part_of(number), {}, {}));
    const auto up = loop.get(files.resume_upload(made.token));
    EXPECT_EQ(up.missing(4), std::vector<int>());
    EXPECT_EQ(loop.get(up.complete()).size, 350u);
    EXPECT_EQ(there(), bytes);
}

TEST_F(Upload, OfOthersIsNotCompletedBeforeAllHasArrived) {
    const storage files(options);
    const auto made = loop.get(files.signed_upload_for("v", 1h, {.size = 350, .part_size = 100}));
    const auto record = from_token(made.token);
    for (const int number : {1, 2, 3})
        loop.get(fake->put_part(record.upload, number, part_of(number), {}, {}));
    EXPECT_STREQ(failure_of_run(loop.get(files.resume_upload(made.token)).complete()).what(),
                 "complete tenants/7/v: part 4 of 4 is missing");
}

TEST_F(Upload, OfOthersIsRefusedWhereItCannotBe) {
    const storage files(options);
    EXPECT_THROW(loop.get(files.signed_upload_for("v", 1h, {.size = 0})), std::invalid_argument);
    EXPECT_EQ(failure_of_run(files.signed_upload_for("v", 0s, {.size = 1})).code(), infra::errc::invalid_input);
    EXPECT_EQ(failure_of_run(files.signed_upload_for("v", 169h, {.size = 1})).code(), infra::errc::invalid_input);
    EXPECT_EQ(failure_of_run(files.signed_upload_for("v", 1h, {.size = 1ull << 40, .part_size = 100})).code(),
              errc::too_large);
    EXPECT_EQ(fake->uploads(), 0u);
}

TEST_F(Upload, IsSweptOnceItIsOld) {
    const storage files(options);
    const auto old = begun();
    loop.get(fake->begin_upload({.key = "tenants/8/v"}, {}));
    time.advance(25h);
    const auto recent = begun();
    const auto swept = loop.get(files.sweep());
    EXPECT_EQ(swept.uploads, 1u);
    EXPECT_EQ(fake->uploads(), 2u) << "one is recent, and one another tenant's";
    EXPECT_EQ(failure_of_run(resume_upload(with, old.token())).code(), errc::no_upload);
    EXPECT_EQ(resumed(recent.token()).missing(1), std::vector{1});
    EXPECT_EQ(fake->count("sweep_leavings"), 1u);
}

TEST_F(Upload, ThatCannotBeSweptKeepsNoOther) {
    const storage files(options);
    for (int i = 0; i < 3; ++i)
        begun();
    time.advance(25h);
    fake->fail("abort_upload", {errc::denied, "not allowed"});
    EXPECT_EQ(failure_of_run(files.sweep()).code(), errc::denied);
    EXPECT_EQ(fake->uploads(), 1u);
    EXPECT_EQ(fake->count("sweep_leavings"), 1u);
}

} // namespace
} // namespace infra::storage
