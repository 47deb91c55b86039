#include "src/serve/body_check.hpp"
#include "src/serve/refusal.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infra::storage::serve {
namespace {

std::string refused_as(const http::headers& fields, const std::string& body, std::uint64_t min_size = 0,
                       std::uint64_t max_size = 100) {
    try {
        auto expected = expected_by(fields);
        expected.min_size = min_size;
        expected.max_size = max_size;
        body_check check(std::move(expected));
        for (const char c : body)
            check.update(std::string_view(&c, 1));
        check.finish();
    } catch (const refused& e) {
        return e.why().code;
    }
    return "";
}

TEST(ServeBodyCheck, ComparesWhatCameWithWhatWasSaid) {
    const struct {
        http::headers fields;
        std::string body, code;
    } cases[] = {
        {{}, "hello", ""},
        {{{"content-md5", "XUFAKrxLKna5cZ2REBfFkg=="}}, "hello", ""},
        {{{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}}, "hellO", "BadDigest"},
        {{{"Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="}}, "", ""},
        {{{"Content-MD5", "short"}}, "hello", "InvalidDigest"},
        {{{"Content-MD5", "XUFAKrxLKna5cZ2REBfF"}}, "hello", "InvalidDigest"},
        {{{"x-amz-checksum-crc32c", "mnG7TA=="}}, "hello", ""},
        {{{"X-Amz-Checksum-CRC32C", "mnG7TA=="}}, "hellO", "BadDigest"},
        {{{"x-amz-checksum-crc64nvme", checksum_of("hello", checksum_kind::crc64nvme).base64()}}, "hello", ""},
        {{{"x-amz-checksum-crc64nvme", "AAAAAAAAAAA="}}, "hello", "BadDigest"},
        {{{"x-amz-checksum-crc32c", "nonsense"}}, "hello", "InvalidRequest"},
        {{{"x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}}, "hello", ""},
        {{{"X-Amz-Checksum-Sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}}, "hellO", "BadDigest"},
        {{{"x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00="}}, "hello", "NotImplemented"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(refused_as(c.fields, c.body), c.code) << (c.fields.empty() ? "" : c.fields[0].value);
}

TEST(ServeBodyCheck, BoundsTheBody) {
    EXPECT_EQ(refused_as({}, "hello", 5, 5), "");
    EXPECT_EQ(refused_as({}, "hello", 6, 9), "EntityTooSmall");
    EXPECT_EQ(refused_as({}, "hello", 0, 4), "EntityTooLarge");
}

} // namespace
} // namespace infra::storage::serve
