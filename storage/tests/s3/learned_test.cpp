#include "src/s3/learned.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infra::storage::s3 {
namespace {

using namespace std::chrono_literals;

constexpr wall_time noon = std::chrono::sys_days(2026y / 1 / 2) + 12h;

answer failed(int status, std::string_view code, std::string_view more = {}, http::headers headers = {}) {
    if (code.empty())
        return {status, std::move(headers), {}};
    return {status, std::move(headers),
            std::string("<Error><Code>").append(code).append("</Code>").append(more).append("</Error>")};
}

lesson taught_by(const answer& a, manner how = {}) {
    how.region = "us-east-1";
    how.at = noon;
    return lesson_of(a, complaint_of(a), how);
}

TEST(S3Lesson, IsTheRegionWhereTheStoreNamesAnother) {
    const http::headers told{{"x-amz-bucket-region", "eu-west-1"}};
    const answer table[] = {
        failed(301, "PermanentRedirect", "", told),
        failed(301, "", "", told), // of a HEAD
        failed(307, "TemporaryRedirect", "<Endpoint>photos.s3-eu-west-1.amazonaws.com</Endpoint>"),
        failed(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
        failed(400, "", "", told),
        failed(400, "IllegalLocationConstraintException", "", told),
    };
    for (const auto& a : table)
        EXPECT_EQ(taught_by(a), lesson::region) << a.status << a.body;
    EXPECT_EQ(taught_by(failed(301, "PermanentRedirect")), lesson::none);
    EXPECT_EQ(taught_by(failed(400, "AuthorizationHeaderMalformed", "<Region>us-east-1</Region>")), lesson::none);
    EXPECT_EQ(taught_by(failed(404, "NoSuchKey", "", told)), lesson::none);
}

TEST(S3Lesson, IsTheClockWhereTheStoresIsAnother) {
    const http::headers later{{"date", "Fri, 02 Jan 2026 13:00:00 GMT"}},
        same{{"date", "Fri, 02 Jan 2026 12:01:00 GMT"}};
    EXPECT_EQ(taught_by(failed(403, "RequestTimeTooSkewed", "<ServerTime>2026-01-02T11:00:00Z</ServerTime>")),
              lesson::clock);
    EXPECT_EQ(taught_by(failed(403, "RequestTimeTooSkewed", "", later)), lesson::clock);
    EXPECT_EQ(taught_by(failed(403, "", "", later)), lesson::clock); // of a HEAD
    EXPECT_EQ(taught_by(failed(403, "", "", same)), lesson::none);
    EXPECT_EQ(taught_by(failed(403, "RequestTimeTooSkewed")), lesson::none);
    EXPECT_EQ(taught_by(failed(403, "AccessDenied", "", later)), lesson::none);
    const auto a = failed(403, "", "", later);
    EXPECT_EQ(offset_in(a, complaint_of(a), noon), 1h);
}

TEST(S3Lesson, IsWhatTheStoreRefuses) {
    const manner with_sum{.tells_sums = true}, lists{.lists = true}, removes{.removes_many = true};
    const struct {
        answer a;
        manner how;
        lesson expected;
    } table[] = {
        {failed(400, "ExpiredToken"), {}, lesson::keys},
        {failed(501, "NotImplemented", "<Message>A header you provided implies …</Message>"), with_sum, lesson::sums},
        {failed(400, "InvalidRequest", "<Message>Header x-amz-Checksum-crc32c</Message>"), with_sum, lesson::sums},
        {failed(501, "NotImplemented"), {}, lesson::none},
        {failed(400, "BadDigest", "<Message>The checksum did not match</Message>"), with_sum, lesson::none},
        {failed(400, "XAmzContentChecksumMismatch", "<Message>checksum</Message>"), with_sum, lesson::none},
        {failed(501, "NotImplemented", "<Message>If-None-Match</Message>"),
         {.tells_sums = true, .conditional = true},
         lesson::none},
        {failed(501, "NotImplemented"), lists, lesson::list},
        {failed(400, "InvalidArgument", "<ArgumentName>list-type</ArgumentName>"), lists, lesson::list},
        {failed(400, "InvalidArgument", "<ArgumentName>prefix</ArgumentName>"), lists, lesson::none},
        {failed(501, "NotImplemented"), removes, lesson::removes},
        {failed(405, "MethodNotAllowed"), removes, lesson::removes},
        {failed(503, "SlowDown"), removes, lesson::none},
    };
    for (const auto& row : table)
        EXPECT_EQ(taught_by(row.a, row.how), row.expected) << row.a.status << row.a.body;
}

TEST(S3SumPlan, SaysTheFirstPutInBothWays) {
    const struct {
        checksums wanted;
        sums known;
        sum_plan expected; // header, metadata, md5
    } table[] = {
        {checksums::automatic, sums::unknown, {true, true, true}},
        {checksums::automatic, sums::kept, {true, false, false}},
        {checksums::automatic, sums::not_kept, {false, true, true}},
        {checksums::by_header, sums::not_kept, {true, false, false}},
        {checksums::by_md5, sums::kept, {false, true, true}},
        {checksums::none, sums::kept, {false, false, false}},
    };
    for (const auto& row : table)
        EXPECT_EQ(plan_of(row.wanted, row.known), row.expected);
}

TEST(S3Learned, RemembersWhatItWasTaught) {
    learned l({.region = "us-east-1", .endpoint = "https://x"});
    const auto redirect = failed(301, "", "", {{"x-amz-bucket-region", "eu-west-1"}});
    EXPECT_TRUE(l.take(lesson::region, redirect, complaint_of(redirect), {}));
    EXPECT_EQ(l.region(), "eu-west-1");
    EXPECT_FALSE(l.lists_v1());
    EXPECT_TRUE(l.take(lesson::list, {}, {}, {}));
    EXPECT_TRUE(l.lists_v1());
    EXPECT_TRUE(l.take(lesson::removes, {}, {}, {}));
    EXPECT_TRUE(l.removes_singly());
    EXPECT_FALSE(l.take(lesson::none, {}, {}, {}));
}

TEST(S3Learned, SetsTheClockOnceThoughSeveralRequestsWereSignedByTheWrongOne) {
    learned l({.endpoint = "https://x"});
    const auto late = failed(403, "", "", {{"date", "Fri, 02 Jan 2026 13:00:00 GMT"}});
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(l.take(lesson::clock, late, complaint_of(late), {.at = noon}));
    EXPECT_EQ(l.offset(), 1h);
    EXPECT_TRUE(
        l.take(lesson::clock, late, complaint_of(late), {.at = noon + 30min, .offset = 1h})); // the clock was set back
    EXPECT_EQ(l.offset(), 90min);
}

TEST(S3Learned, TakesTheFirstPutsWordForChecksums) {
    learned keeps({.endpoint = "https://x"}), forgets({.endpoint = "https://x"});
    EXPECT_EQ(keeps.known_sums(), sums::unknown);
    keeps.saw_sum(true);
    keeps.saw_sum(false);
    EXPECT_EQ(keeps.known_sums(), sums::kept);
    forgets.saw_sum(false);
    EXPECT_EQ(forgets.known_sums(), sums::not_kept);
    EXPECT_TRUE(keeps.take(lesson::sums, {}, {}, {}));
    EXPECT_EQ(keeps.known_sums(), sums::not_kept);
}

TEST(S3Learned, KnowsAwsAndFindsOutOfOthers) {
    const learned aws({});
    EXPECT_EQ(aws.known_conditions(write::put), conditions::honoured);
    EXPECT_EQ(aws.known_sums(), sums::kept);
    EXPECT_TRUE(aws.whole_sums());
    learned l({.endpoint = "https://x"});
    EXPECT_EQ(l.known_conditions(write::put), conditions::unknown);
    l.saw_condition(write::put, conditions::ignored);
    l.saw_condition(write::put, conditions::honoured);
    EXPECT_EQ(l.known_conditions(write::put), conditions::ignored);
    EXPECT_EQ(l.known_conditions(write::copy), conditions::unknown);
}

TEST(S3Learned, TellsPeopleWhatTheStoreIsWithout) {
    learned l({.endpoint = "https://x"});
    EXPECT_TRUE(l.quirks().empty());
    l.saw_sum(false);
    l.saw_v1();
    l.saw_condition(write::copy, conditions::ignored);
    EXPECT_EQ(l.quirks(),
              (std::vector<std::string>{"keeps no checksums", "ignores conditions of copies", "lists by version 1"}));
}

} // namespace
} // namespace infra::storage::s3
