// What docs/http_server.md shows.

#include "../support.hpp"

#include <infra/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

using namespace std::chrono_literals;

// [http_server]
#include <infra/http_server.hpp>

struct order {
    int lamps = 0;
};
BOOST_DESCRIBE_STRUCT(order, (), (lamps))

infra::http::router shop() {
    infra::http::router routes;
    routes.get("/lamps/{id}", [](const infra::http::request& req) {
        return infra::http::response::ok({{"lamp", std::string(req.param("id"))}});
    });
    routes.post("/orders", [](infra::http::request req) -> infra::awaitable<infra::http::response> {
        auto wanted = req.json<order>(); // what does not fit is a 422 that names the field
        if (wanted.lamps > 100)
            throw infra::http::error_response(409, "too_many", "There are 100 lamps.", "/lamps");
        co_return infra::http::response::accepted({{"lamps", wanted.lamps}});
    });
    return routes;
}
// [/http_server]

// What docs/http_client.md shows.

// [http_client]
infra::awaitable<std::string> ask(infra::http::client& http, std::string url) {
    const auto answer = co_await http.send({.method = infra::http::method::post,
                                            .url = url,
                                            .headers = {{"content-type", "application/json"}},
                                            .body = R"({"lamps":2})",
                                            .deadline = infra::deadline::after(5s)}); // all of it within 5 s
    co_return answer.status == 202 ? answer.body : "refused: " + answer.body;         // any status is an answer
}
// [/http_client]

TEST(BookHttp, AnswersWhatThePageAsks) {
    infra::http::server server(shop(), {.port = 0, .access_log = false});
    server.listen();
    auto ended = boost::asio::co_spawn(infra::default_executor(), server.run(), boost::asio::use_future);
    infra::http::client http(infra::default_executor());
    EXPECT_EQ(infra::wait(ask(http, server.url() + "/orders")), R"({"lamps":2})");
    const auto shown = infra::wait(http.send({.url = server.url() + "/lamps/7"}));
    EXPECT_EQ(shown.body, R"({"lamp":"7"})");
    const auto refused =
        infra::wait(http.send({.method = infra::http::method::post, .url = server.url() + "/orders", .body = "{}"}));
    EXPECT_EQ(refused.status, 422);
    infra::wait(server.stop(infra::deadline::after(10s)));
    ended.get();
}
