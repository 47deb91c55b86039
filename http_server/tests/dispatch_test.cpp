#include "src/dispatch.hpp"

#include "support.hpp"

#include <infra/base/telemetry.hpp>

namespace infra::http {

struct greeting {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(greeting, (), (name))

namespace {

response plain_function() { return response::text("function"); }

class Dispatch : public ::testing::Test {
protected:
    response ask(request_parts parts) { return loop.get(routes.handle(std::move(parts))); }
    response get(std::string target) { return ask({.target = std::move(target)}); }

    router routes;
    test_loop loop;
};

TEST_F(Dispatch, TakesEveryShapeOfHandler) {
    const std::string captured(100, 'c');
    routes.get("/function", plain_function)
        .get("/nothing", [captured] { return response::text(captured); })
        .get("/const", [](const request& r) { return response::text(std::string(r.path())); })
        .get("/reference", [](request& r) { return response::text(r.take_body()); })
        .get("/value", [](request r) { return response::text(std::string(r.path())); })
        .get("/coroutine", [captured](request) -> awaitable<response> { co_return response::text(captured); })
        .get("/coroutine-const",
             [captured](const request& r) -> awaitable<response> { co_return response::text(std::string(r.path())); })
        .get("/coroutine-nothing", [captured]() -> awaitable<response> { co_return response::text(captured); });
    EXPECT_EQ(get("/function").body, "function");
    EXPECT_EQ(get("/nothing").body, captured);
    EXPECT_EQ(get("/const").body, "/const");
    EXPECT_EQ(ask({.target = "/reference", .body = "b"}).body, "b");
    EXPECT_EQ(get("/value").body, "/value");
    EXPECT_EQ(get("/coroutine").body, captured);
    EXPECT_EQ(get("/coroutine-const").body, "/coroutine-const");
    EXPECT_EQ(get("/coroutine-nothing").body, captured);
}

TEST_F(Dispatch, AnswersWhatNobodyRouted) {
    routes.get("/a", plain_function).post("/a", plain_function);
    EXPECT_EQ(get("/b").status, 404);
    const auto wrong = ask({.method = method::delete_, .target = "/a"});
    EXPECT_EQ(wrong.status, 405);
    EXPECT_EQ(wrong.headers.get("Allow"), "GET, HEAD, POST, OPTIONS");
    const auto options = ask({.method = method::options, .target = "/a"});
    EXPECT_EQ(options.status, 204);
    EXPECT_EQ(options.headers.get("Allow"), "GET, HEAD, POST, OPTIONS");
    EXPECT_EQ(ask({.method = method::options, .target = "*"}).status, 204);
    EXPECT_EQ(ask({.method = method::options, .target = "/b"}).status, 404);
    EXPECT_EQ(ask({.method = method::connect, .target = "/"}).status, 501);
}

TEST_F(Dispatch, AnyTakesTheUsualMethods) {
    routes.any("/a", [](const request& r) { return response::text(std::string(to_string(r.method()))); });
    for (const auto m : {method::get, method::post, method::put, method::patch, method::delete_, method::options})
        EXPECT_EQ(ask({.method = m, .target = "/a"}).body, to_string(m));
}

TEST_F(Dispatch, AnswersErrorsThatHandlersThrow) {
    routes.get("/refused", []() -> response { throw error_response(409, "taken", "that is taken", "/email"); });
    routes.get("/refused-later", []() -> awaitable<response> {
        throw error_response(409, "taken", "that is taken", "/email");
        co_return response();
    });
    routes.post("/json", [](const request& r) { return response::ok(r.json<greeting>()); });
    for (const auto* target : {"/refused", "/refused-later"}) {
        const auto made = ask({.target = target, .headers = {{"X-Request-Id", "r-1"}}});
        EXPECT_EQ(made.status, 409);
        EXPECT_EQ(made.body,
                  R"({"error":{"code":"taken","message":"that is taken","path":"/email","request_id":"r-1"}})");
    }
    EXPECT_EQ(
        ask({.method = method::post, .target = "/json", .headers = {{"X-Request-Id", "r-2"}}, .body = R"({"name":1})"})
            .body,
        R"({"error":{"code":"invalid_body","message":"expected a string, got a number","path":"/name","request_id":"r-2"}})");
}

std::string last_error; // of the log, below
constexpr telemetry::log_functions keep_errors{
    .enabled = [](level, std::string_view) noexcept { return true; },
    .write =
        [](const log_record& r) noexcept {
            last_error = std::string(r.message);
            for (const auto& f : r.fields)
                last_error.append(" ").append(f.key).append("=").append(f.value.text());
        },
};

TEST_F(Dispatch, TellsTheLogWhatItDoesNotTellTheClient) {
    telemetry::install(&keep_errors);
    routes.get("/broken", []() -> response { throw std::runtime_error("password is hunter2"); });
    routes.get("/odd", []() -> response { throw 7; });
    routes.get("/impossible", [] { return response(42); });
    for (const auto* target : {"/broken", "/odd", "/impossible"}) {
        const auto made = ask({.target = target, .headers = {{"X-Request-Id", "r-3"}}});
        EXPECT_EQ(made.status, 500);
        EXPECT_EQ(made.body,
                  R"({"error":{"code":"internal_error","message":"something went wrong; the request's id helps )"
                  R"(to find out what","request_id":"r-3"}})");
    }
    get("/broken");
    telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
    EXPECT_NE(last_error.find("password is hunter2"), std::string::npos) << last_error;
}

TEST_F(Dispatch, GuardsComeBeforeTheHandlersAddedAfterThem) {
    std::string order;
    routes.get("/open", [] { return response::text("open"); });
    auto admin = routes.group("/admin");
    admin.use([&](request& r) -> std::optional<response> {
        order += "1";
        if (r.header("Authorization").empty())
            return response(401);
        r.attachment = std::string("ann");
        return std::nullopt;
    });
    admin.get("/plain", [](const request& r) { return response::text(std::any_cast<std::string>(r.attachment)); });
    admin.use([&](request& r) -> awaitable<std::optional<response>> {
        order += "2";
        if (r.header("X-Stop") == "yes")
            co_return response(403);
        co_return std::nullopt;
    });
    admin.get("/both", [](const request& r) { return response::text(std::any_cast<std::string>(r.attachment)); });

    EXPECT_EQ(get("/open").body, "open");
    EXPECT_EQ(order, "");
    EXPECT_EQ(get("/admin/plain").status, 401);
    EXPECT_EQ(get("/admin/both").status, 401);
    EXPECT_EQ(order, "11");
    EXPECT_EQ(ask({.target = "/admin/plain", .headers = {{"Authorization", "x"}}}).body, "ann");
    EXPECT_EQ(ask({.target = "/admin/both", .headers = {{"Authorization", "x"}}}).body, "ann");
    EXPECT_EQ(ask({.target = "/admin/both", .headers = {{"Authorization", "x"}, {"X-Stop", "yes"}}}).status, 403);
}

TEST_F(Dispatch, GroupsNestAndTakeVariables) {
    routes.group("/shops/{shop}").group("/items").get("/{item}", [](const request& r) {
        return response::text(std::string(r.param("shop")).append("/").append(r.param("item")));
    });
    EXPECT_EQ(get("/shops/a/items/b").body, "a/b");
    EXPECT_THROW(routes.group("admin"), std::invalid_argument);
    EXPECT_THROW(routes.group("/admin/"), std::invalid_argument);
}

TEST_F(Dispatch, CollectsStreamedBodies) {
    routes.get("/s", [] {
        return response::stream("text/plain", [](body_writer out) -> awaitable<void> {
            co_await out.write("a");
            co_await out.write("b");
        });
    });
    EXPECT_EQ(get("/s").body, "ab");
}

TEST_F(Dispatch, UpgradesNeedAnUpgrade) {
    routes.on_upgrade("/ws", [](upgrade) -> awaitable<void> { co_return; });
    const auto made = get("/ws");
    EXPECT_EQ(made.status, 426);
    EXPECT_EQ(made.headers.get("Upgrade"), "websocket");
}

TEST(WantsUpgrade, NeedsBothFields) {
    const auto wants = [](headers h) { return detail::wants_upgrade(request::make({.headers = std::move(h)})); };
    EXPECT_TRUE(wants({{"Upgrade", "websocket"}, {"Connection", "Upgrade"}}));
    EXPECT_TRUE(wants({{"Upgrade", "websocket"}, {"Connection", "keep-alive, upgrade"}}));
    EXPECT_FALSE(wants({{"Upgrade", "websocket"}}));
    EXPECT_FALSE(wants({{"Connection", "upgrade"}}));
    EXPECT_FALSE(wants({{"Upgrade", "websocket"}, {"Connection", "upgrades"}}));
}

} // namespace
} // namespace infra::http
