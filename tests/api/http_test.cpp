// Routes and handlers of every shape.

#include "support.hpp"

#include <infra/http_server.hpp>

#include <gtest/gtest.h>

namespace api {
namespace {

infra::http::response hello() { return infra::http::response::text(200, "hello"); }

TEST(ApiHttp, TakesEveryShapeOfHandler) {
    using infra::http::request;
    using infra::http::response;
    infra::http::router routes;
    const auto captured = long_text("captured");
    routes.get("/plain", hello)
        .get("/lambda", [](const request&) { return response::ok({{"a", "b"}}); })
        .get("/coroutine", [captured](request) -> awaitable<response> { co_return response::text(200, captured); })
        .post("/users", [](const request& req) { return response::created(req.json<user>()); })
        .del("/users", [] { return response::no_content(); });
    run([&]() -> awaitable<void> {
        EXPECT_EQ((co_await routes.handle({.target = "/plain"})).body, "hello");
        EXPECT_EQ((co_await routes.handle({.target = "/lambda"})).body, R"({"a":"b"})");
        EXPECT_EQ((co_await routes.handle({.target = "/coroutine"})).body, captured);
        const auto refused = co_await routes.handle(
            {.method = infra::http::method::post, .target = "/users", .body = R"({"name":"x"})"});
        EXPECT_EQ(refused.status, 422);
        EXPECT_NE(refused.body.find(R"("path":"/role")"), std::string::npos);
        EXPECT_EQ(
            (co_await routes.handle({.method = infra::http::method::post, .target = "/users", .body = "{"})).status,
            400);
        EXPECT_EQ((co_await routes.handle({.method = infra::http::method::delete_, .target = "/users"})).status, 204);
        EXPECT_EQ((co_await routes.handle({.target = "/absent"})).status, 404);
    });
}

} // namespace
} // namespace api
