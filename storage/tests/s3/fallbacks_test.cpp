// What a store does not do is counted once, when it is found out.

#include "on_stub.hpp"

#include <infra/base/telemetry.hpp>

#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace infra::storage {
namespace {

struct counts {
    std::mutex mutex;
    std::map<std::string, double> of;
};
counts& counted() {
    static counts all;
    return all;
}

void* bind(const telemetry::instrument& what, std::span<const label> labels) noexcept {
    if (what.name != "storage_s3_fallbacks_total" || labels.size() != 1)
        return nullptr;
    const std::scoped_lock lock(counted().mutex);
    return &*counted().of.try_emplace(std::string(labels[0].value)).first;
}
void add(void* series, double amount) noexcept {
    const std::scoped_lock lock(counted().mutex);
    static_cast<std::pair<const std::string, double>*>(series)->second += amount;
}
void record(void*, double) noexcept {}

constexpr telemetry::meter_functions meter{bind, add, record};

TEST(S3Fallbacks, AreCountedOnceEach) {
    telemetry::install(&meter);
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
    telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
    EXPECT_EQ(counted().of, (std::map<std::string, double>{
                                {"checksum_header", 2}, {"conditional_put", 1}, {"list_v2", 1}, {"remove_many", 1}}));
}

} // namespace
} // namespace infra::storage
