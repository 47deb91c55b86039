#include "src/answers.hpp"
#include "src/board.hpp"

#include <infra/testing/captured_telemetry.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::dashboard {
namespace {

TEST(Answers, EachHasThePolicyThatKnowsOnlyOurOwnFiles) {
    const auto made = sealed(http::response::text("x"));
    EXPECT_EQ(made.headers.get("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(made.headers.get("Referrer-Policy"), "no-referrer");
    EXPECT_EQ(made.headers.get("X-Frame-Options"), "DENY");
    EXPECT_EQ(made.headers.get("Cache-Control"), "no-store");
    const std::string policy(made.headers.get("Content-Security-Policy").value());
    EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST(Answers, OneThatIsFramedSaysSoItself) {
    auto frame = http::response::html("<p>a mail");
    frame.headers.set("Content-Security-Policy", "sandbox; frame-ancestors 'self'");
    frame.headers.set("Cache-Control", "private");
    const auto made = sealed(std::move(frame));
    EXPECT_EQ(made.headers.get("Content-Security-Policy"), "sandbox; frame-ancestors 'self'");
    EXPECT_EQ(made.headers.get("Cache-Control"), "private");
    EXPECT_FALSE(made.headers.contains("X-Frame-Options"));
}

struct row {
    std::exception_ptr thrown;
    int status;
    const char* code;
};

template <class E>
std::exception_ptr thrown(E e) {
    return std::make_exception_ptr(std::move(e));
}

TEST(Answers, SayWhatAPanelThrew) {
    const row rows[] = {
        {thrown(http::error_response(409, "taken", "it is taken")), 409, "taken"},
        {thrown(std::invalid_argument("cache: no key")), 422, "invalid_request"},
        {thrown(error(errc::timed_out, "late")), 504, "too_slow"},
        {thrown(error(errc::unavailable, "down")), 503, "unavailable"},
        {thrown(error(errc::closed, "gone")), 503, "unavailable"},
        {thrown(error(errc::invalid_input, "no")), 422, "invalid_request"},
        {thrown(error(queue::errc::unavailable, "the disk is full")), 503, "unavailable"},
        {thrown(error(queue::errc::lease_lost, "another's")), 409, "conflict"},
        {thrown(error(queue::errc::invalid_payload, "no")), 422, "invalid_request"},
        {thrown(error(cache::errc::unavailable, "no answer")), 503, "unavailable"},
        {thrown(error(storage::errc::not_found, "no such object")), 404, "not_found"},
        {thrown(error(storage::errc::denied, "wrong key")), 503, "unavailable"},
    };
    for (const auto& r : rows) {
        const auto made = answer_of(r.thrown, "/x");
        EXPECT_EQ(made.status, r.status) << describe(r.thrown);
        const auto document = json::parse(made.body).value();
        EXPECT_EQ(document.at("error").at("code"), r.code);
        EXPECT_EQ(document.at("error").at("message"), json::value(describe(r.thrown)));
    }
}

TEST(Answers, WhatNobodyExpectedIsLoggedAndNotTold) {
    testing::captured_telemetry told;
    const auto made = answer_of(thrown(std::runtime_error("password=hunter2")), "/x");
    EXPECT_EQ(made.status, 500);
    EXPECT_EQ(made.body.find("hunter2"), std::string::npos);
    EXPECT_NE(told.everything().find("a panel failed"), std::string::npos);
}

TEST(Answers, CancellationIsNoAnswer) {
    EXPECT_THROW(answer_of(thrown(boost::system::system_error(asio::error::operation_aborted)), "/x"),
                 boost::system::system_error);
}

TEST(Answers, PageTellsWhereItGoesOn) {
    EXPECT_EQ(page_of({1, 2}, "").body, R"({"items":[1,2],"next":null})");
    EXPECT_EQ(page_of({}, "abc").body, R"({"items":[],"next":"abc"})");
}

} // namespace
} // namespace infra::dashboard
