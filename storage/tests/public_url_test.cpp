#include "src/public_url.hpp"

#include <gtest/gtest.h>

namespace infra::storage {
namespace {

TEST(StoragePublicUrl, IsThatOfTheServiceOnThisMachine) {
    const std::pair<environment::variables, const char*> table[] = {
        {{}, "http://127.0.0.1:3000/storage"},
        {{{"PORT", "8080"}}, "http://127.0.0.1:8080/storage"},
        {{{"HOST", "0.0.0.0"}}, "http://127.0.0.1:3000/storage"},
        {{{"HOST", "::"}}, "http://[::1]:3000/storage"},
        {{{"HOST", "files.local"}, {"PORT", "80"}}, "http://files.local:80/storage"},
        {{{"HOST", "files.local"}, {"STORAGE_PUBLIC_URL", "https://shop.example/files"}}, "https://shop.example/files"},
    };
    for (const auto& [variables, expected] : table)
        EXPECT_EQ(public_url_from(environment(variables)), expected);
}

} // namespace
} // namespace infra::storage
