#include "src/serve/target.hpp"

#include <gtest/gtest.h>

#include <string>

namespace infra::storage::serve {
namespace {

TEST(ServeTarget, IsReadAsItWasSent) {
    const auto got = read_target("/storage/in/a%20b%2Fc+%C3%BC.jpg?a=1%262&b&c=+", "/storage").value();
    EXPECT_EQ(got.path, "/in/a%20b%2Fc+%C3%BC.jpg");
    EXPECT_EQ(got.key, "in/a b/c+\xc3\xbc.jpg");
    EXPECT_EQ(got.query, (sigv4::fields{{"a", "1&2"}, {"b", ""}, {"c", "+"}}));
    EXPECT_FALSE(has_signature(got));
    EXPECT_EQ(value_of(got.query, "a"), "1&2");
    EXPECT_EQ(value_of(got.query, "A"), "");
}

TEST(ServeTarget, MayBeInTheAbsoluteForm) {
    EXPECT_EQ(read_target("http://files.example/storage/a?X-Amz-Signature=s", "/storage").value().key, "a");
    EXPECT_TRUE(has_signature(read_target("http://files.example/storage/a?X-Amz-Signature=s", "/storage").value()));
}

TEST(ServeTarget, IsTheBucketWithoutAKey) {
    EXPECT_EQ(read_target("/storage", "/storage").value().key, "");
    EXPECT_EQ(read_target("/storage/", "/storage").value().key, "");
    EXPECT_EQ(read_target("/", "").value().key, "");
}

TEST(ServeTarget, HasNoKeyWhereNoObjectCanHaveIt) {
    for (const std::string path : {"/..", "/a/../b", "/%2e%2e/b", "/a/%2E%2E", "//a", "/a//b", "/a/", "/./a", "/a%00",
                                   "/%ff", "/a%0d%0ab", "/%2fa"})
        EXPECT_EQ(read_target("/storage" + path, "/storage").value().key, "") << path;
    EXPECT_EQ(read_target("/storage/" + std::string(1025, 'a'), "/storage").value().key, "");
}

TEST(ServeTarget, IsNoneElsewhereOrWithABrokenPercentSign) {
    for (const std::string target : {"", "/", "/storag", "/storagex/a", "/stor%61ge/a", "//storage/a", "/storage/a%",
                                     "/storage/a%2", "/storage/a%zz", "/storage/a?b=%", "http://x", "*"})
        EXPECT_EQ(read_target(target, "/storage"), std::nullopt) << target;
}

} // namespace
} // namespace infra::storage::serve
