// What a store does not do is counted once, when it is found out.

#include "on_stub.hpp"

#include <infra/testing/captured_telemetry.hpp>

#include <map>
#include <string>

namespace infra::storage {
namespace {

TEST(S3Fallbacks, AreCountedOnceEach) {
    const testing::captured_telemetry told("storage_s3_fallbacks_total");
    {
        on_stub old(stub::old()), bare(stub::bare());
        for (const auto* const key : {"a", "b"}) {
            old.put(key, "hello");
            old.put_failure(key, "hello", {.if_absent = true});
            old.loop.get(old.bucket->list({}, old.soon()));
            bare.put(key, "hello");
            bare.loop.get(bare.bucket->remove_many({key}, bare.soon()));
        }
    }
    EXPECT_EQ(told.counts(), (std::map<std::string, double>{{"storage_s3_fallbacks_total what=checksum_header", 2},
                                                            {"storage_s3_fallbacks_total what=conditional_put", 1},
                                                            {"storage_s3_fallbacks_total what=list_v2", 1},
                                                            {"storage_s3_fallbacks_total what=remove_many", 1}}));
}

} // namespace
} // namespace infra::storage
