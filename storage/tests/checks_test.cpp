#include "src/checks.hpp"

#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace infra::storage {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr bucket_traits remote{.remote = true};
constexpr bucket_traits at_home{};

struct row {
    std::function<void()> asked;
    std::string sentence;
    boost::system::error_code code = infra::errc::invalid_input;
};

void expect_refused(const std::vector<row>& table) {
    for (const auto& each : table) {
        const auto e = refusal_of(each.asked);
        ASSERT_TRUE(e) << each.sentence;
        EXPECT_EQ(e->what(), each.sentence);
        EXPECT_EQ(e->code(), each.code) << each.sentence;
    }
}

TEST(StorageChecks, TakeMetadataInAnyWordsAndNamesInSmallLetters) {
    const auto a = checked({.content_type = "text/plain; charset=utf-8",
                            .metadata = {{"Author", "J\xC3\xBCrgen"}, {"x-1", ""}},
                            .store_headers = {{"X-Amz-Storage-Class", "STANDARD_IA"}}},
                           remote);
    EXPECT_EQ(a.metadata, (metadata_map{{"author", "J\xC3\xBCrgen"}, {"x-1", ""}}));
    EXPECT_EQ(a.store_headers, (metadata_map{{"x-amz-storage-class", "STANDARD_IA"}}));
}

TEST(StorageChecks, RefuseWhatCannotBeAHeader) {
    const auto attributes = [](object_attributes a) { return [a] { checked(a, remote); }; };
    constexpr auto not_ascii =
        " must be printable ASCII; names in other letters go as filename*=UTF-8''…, percent-encoded";
    constexpr auto no_token = ": a name must be a token (RFC 9110): letters, digits and !#$%&'*+-.^_`|~";
    expect_refused({
        {attributes({.content_type = "text/plain\r\nSet-Cookie: a"}), "content_type"s + not_ascii},
        {attributes({.cache_control = "a\nb"}), "cache_control"s + not_ascii},
        {attributes({.content_disposition = "attachment; filename=\xC3\xA4"}), "content_disposition"s + not_ascii},
        {attributes({.content_encoding = "gz\x7Fip"}), "content_encoding"s + not_ascii},
        {attributes({.content_language = "\t"}), "content_language"s + not_ascii},
        {attributes({.metadata = {{"two words", "x"}}}), "metadata"s + no_token},
        {attributes({.metadata = {{"", "x"}}}), "metadata"s + no_token},
        {attributes({.metadata = {{"\xC3\xA4", "x"}}}), "metadata"s + no_token},
        {attributes({.metadata = {{"A", "1"}, {"a", "2"}}}), "metadata: a is there twice, in two spellings"},
        {attributes({.metadata = {{"a", "x\r\ny: z"}}}),
         "metadata: the value of a must be UTF-8 without control characters"},
        {attributes({.metadata = {{"a", "\xFF"}}}),
         "metadata: the value of a must be UTF-8 without control characters"},
        {attributes({.metadata = {{"a", std::string(1950, 'x')}}}),
         "metadata: names and values have 1951 bytes as they are sent, more than the 1950 that there is room for"},
        {attributes({.metadata = {{"a", "\xC3\xA4" + std::string(1944, 'x')}}}),
         "metadata: names and values have 1951 bytes as they are sent, more than the 1950 that there is room for"},
        {attributes({.metadata = {{"Infra-SHA256", "x"}}}),
         "metadata: infra-sha256 begins with infra-, as what the storage itself keeps there; choose another name"},
        {attributes({.store_headers = {{"Content-Type", "x"}}}),
         "store_headers: content-type is not x-amz-…; what stores keep with an object has a field of its own"},
        {attributes({.store_headers = {{"x-amz-acl", "a\nb"}}}),
         "store_headers: the value of x-amz-acl must be printable ASCII"},
    });
    EXPECT_NO_THROW(attributes({.metadata = {{"a", std::string(1949, 'x')}}})());
    for (const auto* each : {"x-amz-meta-a", "x-amz-checksum-crc32c", "X-Amz-Content-SHA256", "x-amz-date",
                             "x-amz-security-token", "x-amz-copy-source"})
        EXPECT_TRUE(refusal_of(attributes({.store_headers = {{each, "x"}}}))) << each;
}

TEST(StorageChecks, RefuseWhatAStoreDoesNotHave) {
    expect_refused({
        {[] { checked({.store_headers = {{"x-amz-acl", "private"}}}, at_home); },
         "store_headers: this store has no such thing; leave them out", errc::unsupported},
        {[] { checked(write_conditions{.if_absent = true}, {.conditional_writes = false}); },
         "if_absent, if_match: this store has no conditional writes; let one writer have each key, or names that are "
         "never used twice",
         errc::unsupported},
        {[] { check_policy({.key = "a"}, {.signs_forms = false}); },
         "this store takes no forms; let the browser put to a signed_url() with method put", errc::unsupported},
    });
    EXPECT_NO_THROW(checked(write_conditions{}, {.conditional_writes = false}));
}

TEST(StorageChecks, RefuseWhatCannotBeAsked) {
    const auto range = [](byte_range r) { return [r] { check_range(r); }; };
    const auto how = [](put_options o) { return [o] { check_how(o); }; };
    const auto page = [](list_options o) { return [o] { check_page(o); }; };
    const auto url = [](signed_url_options o) { return [o] { check_signed(o); }; };
    const auto policy = [](post_policy p) { return [p] { check_policy(p, remote); }; };
    expect_refused({
        {[] { checked(write_conditions{.if_absent = true, .if_match = "e"}, remote); },
         "if_absent and if_match: at most one may be set"},
        {[] { checked(write_conditions{.if_match = "\"e\""}, remote); },
         "if_match must be an ETag as object_info has it, without quotes"},
        {[] { checked(read_conditions{.if_none_match = "e\n"}); },
         "if_none_match must be an ETag as object_info has it, without quotes"},
        {range({.offset = 1, .last = 2}), "range.last: not together with offset and length"},
        {range({.length = 1, .last = 2}), "range.last: not together with offset and length"},
        {range({.last = 0}), "range.last must be at least 1"},
        {range({.length = 0}), "range.length must be at least 1"},
        {how({.part_size = 5'242'879}), "part_size must be from 5 MiB to 5 GiB, or 0"},
        {how({.concurrency = 1001}), "concurrency must be from 1 to 1000, or 0"},
        {page({.limit = 0}), "limit must be from 1 to 1000"},
        {page({.limit = 1001}), "limit must be from 1 to 1000"},
        {page({.delimiter = "\n"}), "delimiter must be UTF-8 without control characters"},
        {page({.start_after = "\xFF"}), "start_after must be UTF-8 without control characters"},
        {[] { check_expiry(0s); }, "expires must be from a second to seven days"},
        {[] { check_expiry(604'801s); }, "expires must be from a second to seven days"},
        {url({.method = http::method::post}), "method must be get, put, head or delete"},
        {url({.content_type = "a/b"}), "content_type, content_length, checksum and if_absent are for a put"},
        {url({.method = http::method::put, .response_content_type = "a/b"}), "response_… is for a get"},
        {policy({.key = "a", .key_prefix = "b"}), "key and key_prefix: at most one may be set"},
        {policy({.key = "a", .min_size = 2, .max_size = 1}), "min_size must not be more than max_size"},
        {policy({.key = "a", .content_type = "a/b", .content_type_prefix = "a/"}),
         "content_type and content_type_prefix: at most one may be set"},
        {policy({.key = "a", .fields = {{"a b", "c"}}}),
         "fields must have tokens as names, and values without control characters"},
    });
    EXPECT_NO_THROW(check_expiry(1s));
    EXPECT_NO_THROW(check_expiry(max_signed_for));
    EXPECT_NO_THROW(range({.last = 1})());
    EXPECT_NO_THROW(
        url({.method = http::method::put, .content_type = "a/b", .content_length = 0, .if_absent = true})());
}

TEST(StorageChecks, TakeTheAttributesOutOfAPutsOptions) {
    const auto a = attributes_of({.content_type = "1",
                                  .cache_control = "2",
                                  .content_disposition = "3",
                                  .content_encoding = "4",
                                  .content_language = "5",
                                  .metadata = {{"6", "7"}},
                                  .store_headers = {{"8", "9"}}});
    EXPECT_EQ(a.content_type + a.cache_control + a.content_disposition + a.content_encoding + a.content_language,
              "12345");
    EXPECT_EQ(a.metadata, (metadata_map{{"6", "7"}}));
    EXPECT_EQ(a.store_headers, (metadata_map{{"8", "9"}}));
}

} // namespace
} // namespace infra::storage
