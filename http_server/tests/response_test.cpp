#include <infra/base/context.hpp>
#include <infra/http_server/response.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::http {

struct user {
    int id = 0;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(user, (), (id, name))

namespace {

TEST(Response, IsJsonOfDescribedTypesAndLists) {
    const auto made = response::ok(user{7, "Ann"});
    EXPECT_EQ(made.status, 200);
    EXPECT_EQ(made.headers.get("content-type"), "application/json");
    EXPECT_EQ(made.body, R"({"id":7,"name":"Ann"})");
    EXPECT_EQ(response::ok({{"a", 1}}).body, R"({"a":1})");
    EXPECT_EQ(response::created(user{}).status, 201);
    EXPECT_EQ(response::accepted(user{}).status, 202);
    EXPECT_EQ(response::json(418, user{}).status, 418);
}

TEST(Response, IsText) {
    EXPECT_EQ(response::text("hi").headers.get("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(response::text(404, "no").status, 404);
    EXPECT_EQ(response::html("<p>").headers.get("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(response::no_content().status, 204);
    EXPECT_EQ(response::redirect("/there").headers.get("Location"), "/there");
}

TEST(Response, CannotBeSplit) {
    EXPECT_THROW(response::redirect("/a\r\nSet-Cookie: x=1"), std::invalid_argument);
    response made;
    EXPECT_THROW(made.headers.set("x", "a\nb"), std::invalid_argument);
}

TEST(Response, CarriesCookies) {
    response made;
    made.set_cookie({.name = "a", .value = "1"});
    made.set_cookie({.name = "b", .value = "2"});
    EXPECT_EQ(made.headers.get_all("Set-Cookie").size(), 2u);
}

TEST(Response, ErrorsAreOneDocument) {
    EXPECT_EQ(response::error(409, "taken", "that is \"taken\"").body,
              R"({"error":{"code":"taken","message":"that is \"taken\""}})");
    const context_scope in(context().with_request_id("r-1"));
    EXPECT_EQ(response::error(422, "invalid_body", "no", "/a").body,
              R"({"error":{"code":"invalid_body","message":"no","path":"/a","request_id":"r-1"}})");
    EXPECT_EQ(response::not_found().status, 404);
}

TEST(ErrorResponse, SaysWhatItWasGiven) {
    const error_response e(409, "taken", "that is taken", "/email");
    EXPECT_EQ(e.status(), 409);
    EXPECT_STREQ(e.what(), "that is taken");
    EXPECT_EQ(e.to_response().body, R"({"error":{"code":"taken","message":"that is taken","path":"/email"}})");
    EXPECT_THROW(error_response(200, "ok", "fine"), std::invalid_argument);
}

} // namespace
} // namespace infra::http
