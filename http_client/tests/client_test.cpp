#include <infra/http_client.hpp>

#include "src/transfer.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

struct ClientTest : ::testing::Test {
    test_loop loop;
    client make(client_options options = {}) { return client(loop.get_executor(), std::move(options)); }
};

TEST_F(ClientTest, SendsARequestAndReturnsTheResponse) {
    std::string seen;
    const test_server server(loop.get_executor(), answering([&](std::string request) {
                                 seen = std::move(request);
                                 return response(201, "made", "X-Id: 7\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n");
                             }));
    const auto http = make();
    const auto got = loop.run(http.send({.method = method::post,
                                         .url = server.url("/items?a=b"),
                                         .headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}},
                                         .body = R"({"name":"lamp"})"}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 201);
    EXPECT_EQ(got->value->body, "made");
    EXPECT_EQ(got->value->headers.get("x-id"), "7");
    EXPECT_EQ(got->value->headers.get_all("set-cookie"), (std::vector<std::string_view>{"a=1", "b=2"}));
    EXPECT_EQ(got->value->effective_url, server.url("/items?a=b"));
    EXPECT_GT(got->value->timings.total, 0us);

    EXPECT_TRUE(seen.starts_with("POST /items?a=b HTTP/1.1\r\n")) << seen;
    EXPECT_EQ(field_of(seen, "Host"), server.authority());
    EXPECT_EQ(field_of(seen, "Content-Type"), "application/json");
    EXPECT_EQ(field_of(seen, "Content-Length"), "15");
    EXPECT_EQ(field_of(seen, "User-Agent"), "infra");
    EXPECT_NE(seen.find("\r\nX-Empty:"), std::string::npos);
    EXPECT_EQ(seen.find("Expect"), std::string::npos);
    EXPECT_EQ(body_of(seen), R"({"name":"lamp"})");
}

TEST_F(ClientTest, SendsEachMethodAsItsWord) {
    std::string seen;
    const test_server server(loop.get_executor(), answering([&](std::string request) {
                                 seen = std::move(request);
                                 return response(200, "");
                             }));
    const auto http = make();
    for (const auto m :
         {method::get, method::post, method::put, method::delete_, method::patch, method::options, method::trace}) {
        ASSERT_TRUE(loop.run(http.send({.method = m, .url = server.url()}))->value);
        EXPECT_TRUE(seen.starts_with(std::string(to_string(m)) + " / HTTP/1.1\r\n")) << seen;
        const bool usually_has_body = m == method::post || m == method::put || m == method::patch;
        EXPECT_EQ(field_of(seen, "Content-Length"), usually_has_body ? "0" : "") << to_string(m);
        EXPECT_EQ(field_of(seen, "Content-Type"), "");
    }
}

TEST_F(ClientTest, SendsABodyWithAnyMethodThatMayHaveOne) {
    std::string seen;
    const test_server server(loop.get_executor(), answering([&](std::string request) {
                                 seen = std::move(request);
                                 return response(200, "");
                             }));
    ASSERT_TRUE(loop.run(make().send({.method = method::delete_, .url = server.url(), .body = "which"}))->value);
    EXPECT_TRUE(seen.starts_with("DELETE "));
    EXPECT_EQ(body_of(seen), "which");
}

TEST_F(ClientTest, ReadsNoBodyAfterHead) {
    const test_server server(loop.get_executor(), answering("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));
    const auto http = make();
    for (int i = 0; i < 2; ++i) {
        const auto got = loop.run(http.send({.method = method::head, .url = server.url()}));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(got->value->body, "");
        EXPECT_EQ(got->value->headers.get("content-length"), "99999999999");
    }
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientTest, SendsAndReceivesBinaryBodiesOfSomeMegabytes) {
    std::string large(5'000'000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i)
        large[i] = static_cast<char>(i * 31 % 251);
    const test_server server(loop.get_executor(),
                             answering([](const std::string& request) { return response(200, body_of(request)); }));
    const auto got = loop.run(make().send({.method = method::put, .url = server.url(), .body = large}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_TRUE(got->value->body == large);
}

TEST_F(ClientTest, ReadsChunkedBodiesWithTrailers) {
    const test_server server(loop.get_executor(), answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                                            "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Trailer: no\r\n\r\n"));
    const auto http = make();
    for (int i = 0; i < 2; ++i) {
        const auto got = loop.run(http.send({.url = server.url()}));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(got->value->body, "abcde");
        EXPECT_FALSE(got->value->headers.contains("x-trailer"));
    }
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientTest, PassesOverInterimResponses) {
    const test_server server(loop.get_executor(),
                             answering("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + response(200, "final")));
    const auto got = loop.run(make().send({.url = server.url()}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 200);
    EXPECT_EQ(got->value->body, "final");
    EXPECT_FALSE(got->value->headers.contains("link"));
}

TEST_F(ClientTest, TakesAStatusForAnAnswerWhateverItsNumber) {
    for (const int status : {204, 301, 404, 500, 599}) {
        const test_server server(loop.get_executor(), answering(response(status, "")));
        const auto got = loop.run(make().send({.url = server.url()}));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(got->value->status, status);
    }
}

// --- Connections ------------------------------------------------------------------------------------------------

TEST_F(ClientTest, ReusesAConnection) {
    const test_server server(loop.get_executor(), answering(response(200, "ok")));
    const auto http = make();
    for (int i = 0; i < 20; ++i) {
        const auto got = loop.run(http.send({.method = method::post, .url = server.url(), .body = "x"}));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(got->value->timings.reused_connection, i > 0);
    }
    EXPECT_EQ(server.accepted(), 1);
}

TEST_F(ClientTest, OpensAFreshConnectionWhenAskedTo) {
    const test_server server(loop.get_executor(), answering(response(200, "")));
    const auto http = make({.max_connections_per_host = 1});
    for (const bool fresh : {false, true, true, false}) {
        const auto got = loop.run(http.send({.url = server.url(), .fresh_connection = fresh}));
        ASSERT_TRUE(got->value) << got->what();
        EXPECT_EQ(got->value->timings.reused_connection, !fresh && server.accepted() > 1);
    }
    EXPECT_EQ(server.accepted(), 3);
}

TEST_F(ClientTest, OpensNoMoreConnectionsToAHostThanAllowed) {
    const test_server server(loop.get_executor(), answering(response(200, "ok")));
    const auto http = make({.max_connections_per_host = 2});
    std::vector<std::shared_ptr<outcome<client_response>>> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(loop.spawn(http.send({.url = server.url()})));
    for (const auto& each : all) {
        loop.until([&] { return each->done(); });
        EXPECT_TRUE(each->value) << each->what();
    }
    EXPECT_LE(server.accepted(), 2);
}

TEST_F(ClientTest, OpensNoMoreConnectionsInAllThanAllowed) {
    const test_server a(loop.get_executor(), answering(response(200, "ok")));
    const test_server b(loop.get_executor(), answering(response(200, "ok")));
    const auto http = make({.max_connections = 1});
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(loop.run(http.send({.url = (i % 2 ? a : b).url()}))->value);
        EXPECT_LE(a.open() + b.open(), 2) << "one of them may still be noticing its end";
    }
}

TEST_F(ClientTest, SendsAgainWhenAKeptConnectionTurnsOutClosed) {
    // Announces nothing and closes after each answer, as a server does whose idle time has run out.
    const test_server server(loop.get_executor(), writing(response(200, "ok")));
    const auto http = make();
    for (int i = 0; i < 3; ++i) {
        const auto got = loop.run(http.send({.method = method::put, .url = server.url(), .body = "again"}));
        ASSERT_TRUE(got->value) << got->what();
    }
}

TEST_F(ClientTest, RefusesWhatIsBeyondMaxRequests) {
    const test_server server(loop.get_executor(), silent());
    const auto http = make({.max_requests = 2});
    const auto first = loop.spawn(http.send({.url = server.url()}));
    const auto second = loop.spawn(http.send({.url = server.url()}));
    const auto third = loop.run(http.send({.url = server.url()}));
    EXPECT_EQ(third->code(), errc::overloaded) << third->what();
    EXPECT_FALSE(first->done() || second->done());
}

// --- What does not come back ------------------------------------------------------------------------------------

struct broken {
    std::string name;
    std::string bytes;
    client_errc code;
};

class BrokenResponse : public ::testing::TestWithParam<broken> {};

TEST_P(BrokenResponse, IsAFailureOfItsKind) {
    test_loop loop;
    const test_server server(loop.get_executor(), writing(GetParam().bytes));
    const client http(loop.get_executor());
    const auto got = loop.run(http.send({.url = server.url("/?key=s3cret")}));
    EXPECT_EQ(got->code(), GetParam().code) << got->what();
    EXPECT_TRUE(got->what().starts_with("GET " + server.authority() + ": ")) << got->what();
    EXPECT_EQ(got->what().find("s3cret"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Client, BrokenResponse,
    ::testing::Values(
        broken{"CutInTheBody", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", client_errc::lost},
        broken{"CutInAChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", client_errc::lost},
        broken{"CutBeforeTheLastChunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
               client_errc::lost},
        broken{"Nothing", "", client_errc::lost}, broken{"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n", client_errc::protocol},
        broken{"NoColon", "HTTP/1.1 200 OK\r\nBroken Line\r\nContent-Length: 0\r\n\r\n", client_errc::protocol},
        broken{"BadName", "HTTP/1.1 200 OK\r\nBad Name: x\r\nContent-Length: 0\r\n\r\n", client_errc::protocol},
        broken{"CutInTheHeader", "HTTP/1.1 200 OK\r\nContent-Len", client_errc::lost},
        broken{"CutBehindTheStatusLine", "HTTP/1.1 200 OK\r\n", client_errc::lost},
        broken{"CutBehindAnInterimAnswer", "HTTP/1.1 103 X\r\n\r\n", client_errc::lost},
        broken{"BadChunkSize", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
               client_errc::protocol},
        broken{"HugeChunkSize", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\n",
               client_errc::protocol},
        broken{"ChunkWithoutItsEnd", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabXX0\r\n\r\n",
               client_errc::protocol},
        broken{"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
               client_errc::protocol},
        broken{"AProtocolNobodyAskedFor", "HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
               client_errc::protocol},
        broken{"BadGzip", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
               client_errc::protocol},
        broken{"UnknownCoding", "HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\nContent-Length: 1\r\n\r\na",
               client_errc::protocol},
        broken{"HugeField", "HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n", client_errc::too_large},
        broken{"HugeHeader",
               "HTTP/1.1 200 OK\r\n" +
                   [] {
                       std::string lines;
                       for (int i = 0; i < 300; ++i)
                           lines += "X: " + std::string(1000, 'x') + "\r\n";
                       return lines;
                   }() +
                   "\r\n",
               client_errc::too_large}),
    [](const auto& info) { return info.param.name; });

TEST_F(ClientTest, SaysSoWhenNobodyListens) {
    std::uint16_t port = 0;
    {
        const test_server gone(loop.get_executor(), silent());
        port = gone.port();
    }
    const auto got = loop.run(make().send({.url = "http://u:s3cret@127.0.0.1:" + std::to_string(port) + "/"}));
    EXPECT_EQ(got->code(), client_errc::connect);
    EXPECT_NE(got->what().find("cannot connect; is it running and reachable?"), std::string::npos) << got->what();
    EXPECT_EQ(got->what().find("s3cret"), std::string::npos);
    EXPECT_FALSE(may_have_arrived(got->failure));
}

// libcurl sends it again on a new connection, which there is none of: that nobody listens now is no proof that nobody heard it.
TEST_F(ClientTest, RemembersWhatAKeptConnectionTookWithIt) {
    std::optional<test_server> server;
    int requests = 0;
    server.emplace(loop.get_executor(), [&](connection& c) -> awaitable<void> {
        while (++requests == 1 && !(co_await c.read_request()).empty())
            co_await c.write(response(200, ""));
        co_await c.read_request();
        server.reset();
    });
    const auto http = make();
    const auto url = server->url();
    ASSERT_TRUE(loop.run(http.send({.url = url}))->value);
    const auto got = loop.run(http.send({.url = url}));
    EXPECT_EQ(got->code(), client_errc::connect) << got->what();
    EXPECT_TRUE(may_have_arrived(got->failure));
}

TEST(ClientCall, IsSentOrWithdrawnAndNeverBoth) {
    test_loop loop;
    call sent(promise<client_response>(loop.get_executor())), withdrawn(promise<client_response>(loop.get_executor()));
    EXPECT_TRUE(sent.begin_sending());
    EXPECT_FALSE(sent.withdraw());
    EXPECT_TRUE(sent.begin_sending()) << "on another connection";
    EXPECT_TRUE(withdrawn.withdraw());
    EXPECT_FALSE(withdrawn.begin_sending());
    EXPECT_TRUE(withdrawn.withdraw());
}

// --- Limits -----------------------------------------------------------------------------------------------------

TEST_F(ClientTest, TakesNothingForAnAnswerThatCameUnasked) {
    const auto poison = response(200, "poison");
    const test_server at_once(loop.get_executor(), answering(response(200, "ok") + poison));
    const test_server later(loop.get_executor(), [poison](connection& c) -> awaitable<void> {
        while (!(co_await c.read_request()).empty()) {
            co_await c.write(response(200, "ok"));
            co_await c.write(poison);
        }
    });
    const client http(loop.get_executor());
    for (const auto* server : {&at_once, &later})
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(loop.run(http.send({.url = server->url()}))->value->body, "ok");
            loop.settle();
        }
}

TEST_F(ClientTest, TakesAnyNumberForALimit) {
    const test_server server(loop.get_executor(), answering(response(200, "ok")));
    const client http(loop.get_executor());
    const auto got =
        loop.run(http.send({.url = server.url(), .max_response_body = std::numeric_limits<std::size_t>::max()}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->body, "ok");
}

TEST_F(ClientTest, AcceptsABodyOfExactlyTheLimit) {
    const test_server server(loop.get_executor(), answering(response(200, std::string(1000, 'x'))));
    const auto got = loop.run(make({.max_response_body = 1000}).send({.url = server.url()}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->body.size(), 1000u);
}

TEST_F(ClientTest, RefusesABodyThatAnnouncesTooMuch) {
    const test_server server(loop.get_executor(), writing("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"));
    const auto got = loop.run(make({.max_response_body = 1000}).send({.url = server.url()}));
    EXPECT_EQ(got->code(), client_errc::too_large) << got->what();
}

TEST_F(ClientTest, StopsReadingABodyThatDoesNotEnd) {
    const test_server server(loop.get_executor(), [](connection& c) -> awaitable<void> {
        co_await c.read_request();
        co_await c.write("HTTP/1.1 200 OK\r\n\r\n");
        while (true) // until the client closes, and the write throws or the test ends
            co_await c.write(std::string(10'000, 'x'));
    });
    const auto http = make();
    const auto got = loop.run(http.send({.url = server.url(), .max_response_body = 100'000}));
    EXPECT_EQ(got->code(), client_errc::too_large) << got->what();
}

TEST_F(ClientTest, TakesTheRequestsOwnLimitOverTheClients) {
    const test_server server(loop.get_executor(), answering(response(200, "12345")));
    const auto http = make({.max_response_body = 3});
    EXPECT_EQ(loop.run(http.send({.url = server.url()}))->code(), client_errc::too_large);
    EXPECT_TRUE(loop.run(http.send({.url = server.url(), .max_response_body = 5}))->value);
    EXPECT_EQ(loop.run(http.send({.url = server.url(), .max_response_body = 0}))->code(), client_errc::too_large);
}

// --- Codings ----------------------------------------------------------------------------------------------------

// printf hello | gzip -n9
constexpr std::string_view gzipped_hello(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00", 25);

TEST_F(ClientTest, DecodesGzip) {
    std::string seen;
    const test_server server(loop.get_executor(), answering([&](std::string request) {
                                 seen = std::move(request);
                                 return response(200, gzipped_hello, "Content-Encoding: gzip\r\n");
                             }));
    const auto got = loop.run(make().send({.url = server.url()}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(field_of(seen, "Accept-Encoding"), "gzip, deflate");
    EXPECT_EQ(got->value->body, "hello");
    EXPECT_FALSE(got->value->headers.contains("content-encoding"));
    EXPECT_FALSE(got->value->headers.contains("content-length"));
}

TEST_F(ClientTest, LeavesTheCodingToWhoAsksForIt) {
    const test_server server(loop.get_executor(),
                             answering(response(200, gzipped_hello, "Content-Encoding: gzip\r\n")));
    const auto own = loop.run(make().send({.url = server.url(), .headers = {{"accept-encoding", "gzip"}}}));
    ASSERT_TRUE(own->value) << own->what();
    EXPECT_EQ(own->value->body, gzipped_hello);
    EXPECT_EQ(own->value->headers.get("content-encoding"), "gzip");

    const auto off = loop.run(make({.decompress = false}).send({.url = server.url()}));
    ASSERT_TRUE(off->value) << off->what();
    EXPECT_EQ(off->value->body, gzipped_hello);
}

TEST_F(ClientTest, DoesNotUnpackABomb) {
    // A mebibyte of zeros in 1051 bytes, as zlib packs it: a first block, one match after the other, the end.
    std::string bomb(
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xed\xc1\x31\x01\x00\x00\x00\xc2\xa0\xf5\x4f\x6d\x08\x5f\xa0", 25);
    bomb.append(1016, '\0');
    bomb.append("\x3e\x03\x1c\xea\x38\xa7\x00\x00\x10\x00", 10);
    const test_server server(loop.get_executor(), answering(response(200, bomb, "Content-Encoding: gzip\r\n")));
    const auto got = loop.run(make({.max_response_body = 64 * 1024}).send({.url = server.url()}));
    EXPECT_EQ(got->code(), client_errc::too_large) << got->what();
}

// --- Redirects --------------------------------------------------------------------------------------------------

TEST_F(ClientTest, ReturnsARedirectUnlessToldToFollow) {
    const test_server server(loop.get_executor(), answering(response(302, "", "Location: /elsewhere\r\n")));
    const auto got = loop.run(make().send({.url = server.url()}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->status, 302);
}

TEST_F(ClientTest, FollowsRedirectsAndForgetsSecretsElsewhere) {
    std::vector<std::string> seen;
    const test_server end(loop.get_executor(), answering([&](std::string request) {
                              seen.push_back(std::move(request));
                              return response(200, "arrived");
                          }));
    const test_server begin(loop.get_executor(), answering([&](std::string request) {
                                seen.push_back(request);
                                const bool first = request.starts_with("POST /a ");
                                return first ? response(307, "", "Location: /b\r\n")
                                             : response(302, "", "Location: " + end.url("/c?d") + "\r\n");
                            }));
    const auto got = loop.run(make({.max_redirects = 2})
                                  .send({.method = method::post,
                                         .url = "http://ann:pw@" + begin.authority() + "/a",
                                         .headers = {{"Cookie", "a=1"}, {"X-Kept", "1"}},
                                         .body = "data"}));
    ASSERT_TRUE(got->value) << got->what();
    EXPECT_EQ(got->value->body, "arrived");
    EXPECT_EQ(got->value->effective_url, end.url("/c?d"));
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_TRUE(seen[1].starts_with("POST /b "));
    EXPECT_EQ(field_of(seen[1], "authorization"), "Basic YW5uOnB3");
    EXPECT_EQ(body_of(seen[1]), "data");
    EXPECT_TRUE(seen[2].starts_with("GET /c?d ")) << seen[2];
    EXPECT_EQ(field_of(seen[2], "X-Kept"), "1");
    for (const auto* secret : {"YW5uOnB3", "a=1", "data"})
        EXPECT_EQ(seen[2].find(secret), std::string::npos) << secret;
}

TEST_F(ClientTest, GivesUpOnACircle) {
    const test_server server(loop.get_executor(), answering(response(302, "", "Location: /again\r\n")));
    const auto got = loop.run(make({.max_redirects = 3}).send({.url = server.url()}));
    EXPECT_EQ(got->code(), client_errc::redirect);
    EXPECT_EQ(got->what(), "GET " + server.authority() + ": more redirects than max_redirects, 3");
}

TEST_F(ClientTest, NeverLeavesHttp) {
    const test_server server(loop.get_executor(), answering(response(302, "", "Location: file:///etc/passwd\r\n")));
    EXPECT_EQ(loop.run(make({.max_redirects = 3}).send({.url = server.url()}))->code(), client_errc::redirect);
    EXPECT_EQ(loop.run(make().send({.url = "file:///etc/passwd"}))->code(), errc::invalid_input);
}

// --- What a program should not ask -----------------------------------------------------------------------------

TEST_F(ClientTest, RefusesHeadersThatBelongToTheClient) {
    const auto http = make();
    for (const auto* name : {"Transfer-Encoding", "content-length", "Connection", "Expect", "TE", "Upgrade"}) {
        const auto got = loop.run(http.send({.url = "http://127.0.0.1:1/", .headers = {{name, "1"}}}));
        EXPECT_THROW(std::rethrow_exception(got->failure), std::invalid_argument) << name;
    }
}

TEST_F(ClientTest, RefusesMethodsItCannotSend) {
    const auto http = make();
    for (const auto m : {method::connect, method::other}) {
        const auto got = loop.run(http.send({.method = m, .url = "http://127.0.0.1:1/"}));
        EXPECT_THROW(std::rethrow_exception(got->failure), std::invalid_argument);
    }
    const auto got = loop.run(http.send({.method = method::head, .url = "http://127.0.0.1:1/", .body = "x"}));
    EXPECT_THROW(std::rethrow_exception(got->failure), std::invalid_argument);
}

TEST_F(ClientTest, CannotBeMadeToSplitARequest) {
    EXPECT_THROW(client_request({.headers = {{"x", "1\r\nx-evil: 2"}}}), std::invalid_argument);
    EXPECT_THROW(client_request({.headers = {{"x\r\nx-evil", "1"}}}), std::invalid_argument);
    const auto got = loop.run(make().send({.url = "http://127.0.0.1:1/ HTTP/1.1\r\nX-Evil: 1\r\n"}));
    EXPECT_EQ(got->code(), errc::invalid_input);
}

} // namespace
} // namespace infra::http
