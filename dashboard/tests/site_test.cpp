#include "src/site.hpp"

#include <infra/monitoring/gzip.hpp>

#include <gtest/gtest.h>

namespace infra::dashboard {
namespace {

struct Pages : ::testing::Test {
    const std::string page = "<!doctype html><head><title>x</title></head>";
    const std::string script = std::string(20'000, 'x');
    const std::string packed_page = monitoring::gzip(page);
    const std::string packed_script = monitoring::gzip(script);
    const std::vector<asset> files{
        {"index.html", "text/html; charset=utf-8", "1111", page.size(), packed_page},
        {"main-AB.js", "text/javascript; charset=utf-8", "2222", script.size(), packed_script},
    };
    const site pages{files, "/admin/infra"};

    static http::request asking(http::headers headers) { return http::request::make({.headers = std::move(headers)}); }
};

TEST_F(Pages, PageKnowsWhereItIsMounted) {
    const auto made = pages.index(asking({}));
    EXPECT_NE(made.body.find("<head>\n<base href=\"/admin/infra/\">"), std::string::npos);
    EXPECT_EQ(made.headers.get("Cache-Control"), "no-cache");
    EXPECT_EQ(pages.index(asking({{"If-None-Match", "\"1111\""}})).status, 304);
}

TEST_F(Pages, FilesAreSentAsTheyWerePackedAndKeptForAYear) {
    const auto made = pages.file(asking({{"Accept-Encoding", "br, gzip"}}), "main-AB.js");
    EXPECT_EQ(made.body, packed_script);
    EXPECT_EQ(made.headers.get("Content-Encoding"), "gzip");
    EXPECT_EQ(made.headers.get("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(made.headers.get("Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(made.headers.get("Vary"), "Accept-Encoding");
}

TEST_F(Pages, WhoDoesNotUnpackGetsThemUnpacked) {
    const auto made = pages.file(asking({}), "main-AB.js");
    EXPECT_EQ(made.body, script);
    EXPECT_FALSE(made.headers.contains("Content-Encoding"));
}

TEST_F(Pages, WhatIsThereAlreadyIsNotSentAgain) {
    EXPECT_EQ(pages.file(asking({{"If-None-Match", "W/\"0\", \"2222\""}}), "main-AB.js").status, 304);
    EXPECT_EQ(pages.file(asking({{"If-None-Match", "\"3333\""}}), "main-AB.js").status, 200);
}

TEST_F(Pages, OtherNamesAreNotFound) {
    for (const char* name : {"", "main.js", "../index.html", "main-AB.js/"})
        EXPECT_EQ(pages.file(asking({}), name).status, 404) << name;
}

TEST(AcceptEncoding, IsReadAsItIsMeant) {
    for (const char* yes : {"gzip", "deflate, gzip", "gzip;q=0.5", "gzip;q=1", "br;q=1.0, gzip;q=0.8"})
        EXPECT_TRUE(takes_gzip(yes)) << yes;
    for (const char* no : {"", "identity", "gzip;q=0", "gzip;q=0.0", "br", "xgzip"})
        EXPECT_FALSE(takes_gzip(no)) << no;
}

TEST(IfNoneMatch, FindsATagOfSeveral) {
    EXPECT_TRUE(has_tag("*", "\"a\""));
    EXPECT_TRUE(has_tag("\"b\", W/\"a\"", "\"a\""));
    EXPECT_FALSE(has_tag("\"ab\"", "\"a\""));
    EXPECT_FALSE(has_tag("", "\"a\""));
}

} // namespace
} // namespace infra::dashboard
