#include "mutation.hpp"
#include "support.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdlib>

namespace infra::http {
namespace {

router hello_routes() {
    router routes;
    routes.get("/hello", [] { return response::text("hello"); });
    routes.post("/echo", [](request& r) { return response::text(r.take_body()); });
    return routes;
}

constexpr std::string_view get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-1\r\n\r\n";
constexpr std::string_view hello = "HTTP/1.1 200 OK\r\n"
                                   "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
                                   "Content-Type: text/plain; charset=utf-8\r\n"
                                   "Content-Length: 5\r\n"
                                   "X-Request-Id: r-1\r\n"
                                   "\r\n"
                                   "hello";

TEST(Connection, AnswersExactlyThis) {
    served s(hello_routes());
    auto client = s.connect();
    client.send(get_hello);
    EXPECT_EQ(stable(client.read_response(), false), hello);
}

TEST(Connection, KeepsAliveAndAnswersAgain) {
    served s(hello_routes());
    auto client = s.connect();
    for (int i = 0; i < 3; ++i) {
        client.send(get_hello);
        EXPECT_EQ(stable(client.read_response(), false), hello);
    }
    EXPECT_EQ(s.server->connections(), 1u);
}

TEST(Connection, ReadsByteByByte) {
    served s(hello_routes());
    auto client = s.connect();
    const std::string_view request =
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    for (const char c : request)
        client.send({&c, 1});
    EXPECT_EQ(body_of(client.read_response()), "abcde");
}

TEST(Connection, AnswersPipelinedRequestsInOrder) {
    router routes = hello_routes();
    routes.get("/slow/{n}", [](request r) -> awaitable<response> {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return response::text(std::string(r.param("n")));
    });
    served s(std::move(routes));
    auto client = s.connect();
    std::string all;
    for (const auto* path : {"/hello", "/slow/1", "/hello", "/slow/2", "/slow/3", "/hello"})
        all.append("GET ").append(path).append(" HTTP/1.1\r\nHost: h\r\n\r\n");
    client.send(all);
    for (const auto* expected : {"hello", "1", "hello", "2", "3", "hello"})
        EXPECT_EQ(body_of(client.read_response()), expected);
}

TEST(Connection, AnswersManyPipelinedRequestsThatNobodyReadsYet) {
    const std::string page(8192, 'p');
    router routes;
    routes.get("/page", [&page] { return response::text(page); });
    served s(std::move(routes));
    auto client = s.connect();
    constexpr int count = 2'000; // 16 MiB of answers: more than the kernel keeps for us
    std::string all;
    for (int i = 0; i < count; ++i)
        all += "GET /page HTTP/1.1\r\nHost: h\r\n\r\n";
    std::string_view rest = all;
    for (int answered = 0; answered < count; ++answered) {
        const auto sent = rest.empty() ? 0 : ::send(client.descriptor(), rest.data(), rest.size(), MSG_NOSIGNAL);
        rest.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
        s.loop.poll();
        ASSERT_EQ(body_of(client.read_response()).size(), page.size()) << answered;
    }
    EXPECT_TRUE(rest.empty());
}

TEST(Connection, HeadIsGetWithoutTheBody) {
    served s(hello_routes());
    auto client = s.connect();
    client.send("HEAD /hello HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-1\r\n\r\n");
    EXPECT_EQ(stable(client.read_response(false), false), hello.substr(0, hello.size() - 5));
    client.send(get_hello);
    EXPECT_EQ(stable(client.read_response(), false), hello) << "nothing of the first answer is left over";
}

TEST(Connection, ClosesWhenAskedTo) {
    served s(hello_routes());
    const auto closing =
        s.exchange("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + std::string(get_hello));
    EXPECT_EQ(field_of(closing, "Connection"), "close");
    EXPECT_EQ(body_of(closing), "hello") << "what comes after is not answered";
    const auto old = s.exchange("GET /hello HTTP/1.0\r\n\r\n");
    EXPECT_EQ(field_of(old, "Connection"), "close");
    auto kept = s.connect();
    kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(field_of(kept.read_response(), "Connection"), "keep-alive");
    EXPECT_FALSE(kept.closed());
}

TEST(Connection, AnswersAClientThatHasFinishedSending) {
    served s(hello_routes());
    EXPECT_EQ(stable(s.exchange(get_hello), false), hello);
}

TEST(Connection, RefusesAndCloses) {
    served s(hello_routes(), {.limits = {.max_header_bytes = 1024, .max_body_bytes = 100}});
    struct {
        std::string bytes;
        const char* status;
        const char* code;
    } const cases[] = {
        {"nonsense\r\n\r\n", "400", "malformed_request"},
        {"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", "400", "malformed_request"},
        {"GET / HTTP/1.1\r\n\r\n", "400", "malformed_request"},
        {"GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(2000, 'a') + "\r\n\r\n", "431", "header_too_large"},
        {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'a'), "413",
         "body_too_large"},
        {"POST /echo HTTP/1.1\r\nHost: h\r\nExpect: wonders\r\nContent-Length: 1\r\n\r\na", "417",
         "expectation_failed"},
        {"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "501", "not_implemented"},
        {"GET / HTTP/3.0\r\nHost: h\r\n\r\n", "505", "version_not_supported"},
    };
    for (const auto& [bytes, status, code] : cases) {
        const auto answer = s.exchange(bytes);
        EXPECT_EQ(status_of(answer), status) << bytes;
        EXPECT_EQ(field_of(answer, "Connection"), "close") << bytes;
        EXPECT_NE(body_of(answer).find("\"code\":\"" + std::string(code) + "\""), std::string::npos) << answer;
        EXPECT_EQ(field_of(answer, "X-Request-Id").size(), 36u);
    }
}

TEST(Connection, SurvivesTenMebibytesAndTenThousandHeaders) {
    served s(hello_routes());
    auto big = s.connect();
    big.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10485760\r\n\r\n");
    big.send(std::string(10 << 20, 'a'));
    EXPECT_EQ(status_of(big.read_all()), "413") << "read even while still sending";
    auto chunked = s.connect();
    chunked.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 40; ++i)
        chunked.send("8000\r\n" + std::string(0x8000, 'a') + "\r\n");
    EXPECT_EQ(status_of(chunked.read_all()), "413");
    std::string many = "GET /hello HTTP/1.1\r\nHost: h\r\n";
    for (int i = 0; i < 10'000; ++i)
        many += "a: b\r\n";
    EXPECT_EQ(status_of(s.exchange(many + "\r\n")), "431");
    EXPECT_EQ(status_of(s.exchange(get_hello)), "200");
}

TEST(Connection, TakesABodyOfExactlyTheLimit) {
    served s(hello_routes());
    auto client = s.connect();
    const std::string body(1 << 20, 'a');
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1048576\r\n\r\n");
    client.send(body);
    EXPECT_EQ(body_of(client.read_response()), body);
}

TEST(Connection, SaysContinueOnlyForBodiesItWants) {
    served s(hello_routes(), {.limits = {.max_body_bytes = 10}});
    auto client = s.connect();
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_EQ(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    EXPECT_EQ(body_of(client.read_response()), "ok");
    client.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    EXPECT_EQ(status_of(client.read_all()), "413");
    auto eager = s.connect();
    eager.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(status_of(eager.read_response()), "200") << "a body that is there needs no invitation";
}

TEST(Connection, TimesOutEveryWait) {
    served s(hello_routes(), {.timeouts = {.header = 100ms, .body = 200ms, .idle = 400ms}});
    auto silent = s.connect();
    auto slow_header = s.connect();
    auto slow_body = s.connect();
    auto idle = s.connect();
    slow_header.send("GET /hello HT");
    slow_body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
    idle.send(get_hello);
    idle.read_response();
    s.pass(90ms);
    EXPECT_FALSE(silent.closed());
    EXPECT_FALSE(slow_header.closed());
    s.pass(60ms);
    EXPECT_EQ(silent.read_all(), "") << "nothing was asked";
    EXPECT_EQ(status_of(slow_header.read_to("}}")), "408");
    EXPECT_EQ(slow_body.received(), "");
    s.pass(100ms);
    EXPECT_EQ(status_of(slow_body.read_to("}}")), "408");
    EXPECT_FALSE(idle.closed());
    s.pass(200ms);
    EXPECT_EQ(idle.read_all(), "");
}

TEST(Connection, ASlowTrickleIsStillSlow) {
    served s(hello_routes(), {.timeouts = {.header = 100ms}});
    auto client = s.connect();
    for (int i = 0; i < 12; ++i) {
        client.send("G");
        s.pass(10ms);
    }
    s.pass(30ms);
    EXPECT_EQ(status_of(client.read_to("}}")), "408") << "each byte does not start the time anew";
}

TEST(Connection, ClosesOnAClientThatTakesNothing) {
    router routes;
    routes.get("/big", [] { return response::text(std::string(64 << 20, 'a')); });
    served s(std::move(routes), {.timeouts = {.write = 100ms}});
    auto client = s.connect();
    client.send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
    s.pass(90ms);
    EXPECT_EQ(s.server->connections(), 1u);
    s.pass(60ms);
    EXPECT_EQ(s.server->connections(), 0u);
}

TEST(Connection, LetsGoOfALingeringClient) {
    served s(hello_routes());
    auto client = s.connect();
    client.send("nonsense\r\n\r\n");
    EXPECT_EQ(status_of(client.read_to("}}")), "400");
    EXPECT_EQ(s.server->connections(), 1u) << "the client has not finished";
    client.send("more");
    s.pass(3000ms);
    EXPECT_EQ(s.server->connections(), 0u);
}

TEST(Connection, LetsItsLastAnswerArriveThoughMoreIsSent) {
    served s(hello_routes());
    auto client = s.connect();
    client.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + std::string(100'000, 'x'));
    EXPECT_EQ(body_of(client.read_all()), "hello");
    EXPECT_FALSE(client.was_reset());
    client.close();
    s.loop.poll();
    EXPECT_EQ(s.server->connections(), 0u);
}

TEST(Connection, RefusesOneConnectionTooMany) {
    served s(hello_routes(), {.limits = {.max_connections = 2}});
    auto a = s.connect();
    auto b = s.connect();
    auto c = s.connect();
    const auto answer = c.read_to("}}");
    EXPECT_EQ(status_of(answer), "503");
    EXPECT_EQ(field_of(answer, "Retry-After"), "1");
    c.close();
    a.close();
    s.loop.poll();
    auto d = s.connect();
    d.send(get_hello);
    EXPECT_EQ(status_of(d.read_response()), "200");
    b.send(get_hello);
    EXPECT_EQ(status_of(b.read_response()), "200");
}

TEST(Connection, PropagatesOriginAndIds) {
    router routes;
    routes.get("/who", [](const request& r) {
        return response::ok(
            {{"remote", r.remote_address()}, {"scheme", r.scheme()}, {"host", r.host()}, {"id", r.request_id()}});
    });
    served s(std::move(routes), {.trusted_proxies = {"127.0.0.0/8"}});
    EXPECT_EQ(
        body_of(s.exchange(
            "GET http://a.example/who HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine\r\nX-Forwarded-For: 203.0.113.9\r\n"
            "X-Forwarded-Proto: https\r\n\r\n")),
        R"({"remote":"203.0.113.9","scheme":"https","host":"a.example","id":"mine"})");
    const auto replaced = s.exchange("GET /who HTTP/1.1\r\nHost: h\r\nX-Request-Id: not a token\r\n\r\n");
    EXPECT_EQ(field_of(replaced, "X-Request-Id").size(), 36u);
}

TEST(Connection, ContinuesTheClientsTrace) {
    served s(hello_routes());
    const auto answer = s.exchange("GET /hello HTTP/1.1\r\nHost: h\r\nTraceparent: "
                                   "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
    const auto ours = field_of(answer, "Traceparent");
    EXPECT_EQ(ours.substr(0, 36), "00-0af7651916cd43dd8448eb211c80319c-");
    EXPECT_NE(ours.substr(36, 16), "b7ad6b7169203331") << "a span of its own";
}

TEST(Connection, AnswersBrowsersFromElsewhere) {
    served s(hello_routes(), {.cors = cors_options{.origins = {"https://shop.example"}}});
    const auto question = s.exchange("OPTIONS /hello HTTP/1.1\r\nHost: h\r\nOrigin: https://shop.example\r\n"
                                     "Access-Control-Request-Method: PUT\r\n\r\n");
    EXPECT_EQ(status_of(question), "204");
    EXPECT_EQ(field_of(question, "Access-Control-Allow-Origin"), "https://shop.example");
    const auto answer = s.exchange("GET /hello HTTP/1.1\r\nHost: h\r\nOrigin: https://shop.example\r\n\r\n");
    EXPECT_EQ(field_of(answer, "Access-Control-Allow-Origin"), "https://shop.example");
    EXPECT_EQ(field_of(answer, "Vary"), "Origin");
    EXPECT_EQ(field_of(s.exchange("GET /hello HTTP/1.1\r\nHost: h\r\nOrigin: https://evil.example\r\n\r\n"),
                       "Access-Control-Allow-Origin"),
              "");
}

TEST(Connection, AHandlersFailureCostsItsRequestOnly) {
    router routes = hello_routes();
    routes.get("/broken", []() -> response { throw std::runtime_error("secret"); });
    routes.get("/broken-later", []() -> awaitable<response> {
        throw std::runtime_error("secret");
        co_return response();
    });
    served s(std::move(routes));
    auto client = s.connect();
    for (const auto* path : {"/broken", "/broken-later"}) {
        client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-9\r\n\r\n");
        const auto answer = client.read_response();
        EXPECT_EQ(status_of(answer), "500");
        EXPECT_EQ(answer.find("secret"), std::string::npos);
        EXPECT_NE(body_of(answer).find("r-9"), std::string::npos);
    }
    client.send(get_hello);
    EXPECT_EQ(stable(client.read_response(), false), hello);
}

// Random changes to valid requests: whatever they are, the server answers or closes, and then serves the next one.
TEST(Connection, AnswersOrClosesWhateverIsSent) {
    const bool thorough = std::getenv("INFRA_TEST_LONG") != nullptr;
    served s(hello_routes(), {.limits = {.max_header_bytes = 512, .max_body_bytes = 256},
                              .timeouts = {.header = 50ms, .body = 50ms, .idle = 50ms}});
    const std::string seeds[] = {
        std::string(get_hello),
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\n\r\n5\r\nhello\r\n0\r\na: "
        "b\r\n\r\n",
        "HEAD /hello?x=%20 HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nCookie: a=b\r\n\r\n" +
            std::string(get_hello),
        "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    };
    std::mt19937 random(20260101);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (int round = 0; round < (thorough ? 50'000 : 1'500); ++round) {
        const auto bytes = mutated(seeds[below(std::size(seeds))], random);
        auto client = s.connect();
        const auto cut = below(bytes.size() + 1);
        client.send(std::string_view(bytes).substr(0, cut));
        client.send(std::string_view(bytes).substr(cut));
        if (below(2))
            client.finish_sending();
        for (int i = 0; i < 300 && !client.closed(); ++i)
            s.pass(10ms);
        const auto& answer = client.received();
        ASSERT_TRUE(client.closed()) << bytes;
        ASSERT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 ")) << bytes;
        client.close();
        s.loop.poll();
        ASSERT_EQ(s.server->connections(), 0u) << bytes;
    }
    EXPECT_EQ(status_of(s.exchange(get_hello)), "200");
}

} // namespace
} // namespace infra::http
