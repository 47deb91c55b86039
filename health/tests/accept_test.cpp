#include "src/accept.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infra::health::detail {
namespace {

TEST(HealthAccept, PrefersHealthJsonWhereItIsNamedAndNotLessWelcome) {
    const struct {
        std::string accept;
        bool preferred;
    } rows[] = {
        {"", false},
        {"*/*", false},
        {"application/*", false},
        {"application/json", false},
        {"application/health+json", true},
        {"Application/Health+JSON", true},
        {"application/health+json, application/json", true},
        {"application/json, application/health+json;q=0.9", false},
        {"application/json;q=0.8, application/health+json;q=0.9", true},
        {"application/health+json;q=0.5, */*;q=0.6", false},
        {"application/health+json;q=0.5, */*;q=0.1", true},
        {"application/health+json;q=0", false},
        {"application/health+json;q=none", false},
        {"application/health+json;q=-1", false},
        {"application/health+json; charset=utf-8 ; q=1.0", true},
        {" ,, application/health+json ,", true},
        {"application/health+jsonx", false},
        {std::string(100'000, ','), false},
        {std::string("\0\xff;;;==,", 8), false},
    };
    for (const auto& row : rows)
        EXPECT_EQ(prefers_health_json(row.accept), row.preferred) << row.accept.substr(0, 80);
}

} // namespace
} // namespace infra::health::detail
