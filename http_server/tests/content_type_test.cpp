#include "src/content_type.hpp"

#include <gtest/gtest.h>

namespace infra::http::detail {
namespace {

TEST(ContentType, IsThatOfTheExtension) {
    EXPECT_EQ(content_type_of("index.html"), "text/html; charset=utf-8");
    EXPECT_EQ(content_type_of("a/b/LOGO.PNG"), "image/png");
    EXPECT_EQ(content_type_of("app.min.js"), "text/javascript; charset=utf-8");
    EXPECT_EQ(content_type_of("archive.tar.gz"), "application/gzip");
}

TEST(ContentType, IsBytesWhenNothingIsKnown) {
    for (const auto* name : {"", "LICENSE", "a.", "a.unknown", ".html5"})
        EXPECT_EQ(content_type_of(name), "application/octet-stream") << name;
}

} // namespace
} // namespace infra::http::detail
