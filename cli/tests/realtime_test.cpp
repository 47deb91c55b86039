#include "src/frame.hpp"
#include "src/realtime_verbs.hpp"
#include "src/verbs.hpp"

#include <infra/http_server.hpp>
#include <infra/realtime/admin.hpp>
#include <infra/realtime/websocket.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <iostream>
#include <sstream>
#include <thread>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;

struct silent : realtime::connection {
    void send(const realtime::frame&) override {}
    void close(realtime::close_code code, std::string_view) override { closed = code; }
    std::atomic<std::optional<realtime::close_code>> closed{};
};

/// A service with the operators' pages, and a command line before it.
struct RealtimeCommand : ::testing::Test {
    RealtimeCommand() {
        ::setenv("INFRA_ADMIN_TOKEN", "of-operators-only", 1);
        ::unsetenv("REALTIME_TOKEN");
        pages.emplace(realtime::add_admin(routes, hub, {.allow = [](const http::request& r) {
                                              return r.header("authorization") == "Bearer of-operators-only";
                                          }}));
        sockets.mount(routes, "/ws");
        server = std::make_unique<http::server>(routes, http::server_options{.port = 0});
        server->listen();
        running = std::thread([this] { wait(server->run()); });
    }
    ~RealtimeCommand() override {
        pages->stop();
        wait(sockets.stop(deadline::after(20s)));
        wait(server->stop(deadline::after(20s)));
        running.join();
    }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_realtime(f);
        words.insert(words.begin(), "realtime");
        if (std::ranges::find(words, "--url") == words.end())
            words.insert(words.end(), {"--url", server->url()});
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }
    json::value document() const { return boost::json::parse(out); }
    std::shared_ptr<silent> join(const std::string& id, const std::string& user, const std::string& channel) {
        auto made = std::make_shared<silent>();
        hub.register_client(id, made, {.user = user});
        hub.subscribe(channel, id);
        return made;
    }

    /// A tail that is expected to go on until `holds()`.
    template <class Holds>
    std::future<int> tail_until(std::vector<std::string> words, Holds holds) {
        words.insert(words.begin(), "tail");
        auto ended = std::async(std::launch::async, [this, words] { return run(words); });
        while (!holds() && ended.wait_for(1ms) != std::future_status::ready)
            ;
        return ended;
    }

    realtime::hub hub{{.channels = {{"room:*", {.history = {.size = 10}}}, {"team:*", {.presence = true}}},
                       .authorize = [](realtime::access_request a) { return a.channel == "bench"; }}};
    realtime::websocket_server sockets{hub};
    http::router routes;
    std::optional<realtime::admin_pages> pages;
    std::unique_ptr<http::server> server;
    std::thread running;
    std::string out, err;
};

// --- channels and clients -----------------------------------------------------------------------------------------

TEST_F(RealtimeCommand, ListsChannels) {
    join("anna", "u1", "room:1");
    join("bert", "u2", "quiet");
    hub.publish("room:1", {.type = "said"});
    ASSERT_EQ(run({"channels"}), 0) << err;
    EXPECT_EQ(out, "SUBSCRIBERS  PUBLISHED  DROPPED  HISTORY  OFFSET  CHANNEL\n"
                   "1            0          0        0        0       quiet\n"
                   "1            1          0        1        1       room:1\n");
    ASSERT_EQ(run({"channels", "room:", "--json"}), 0) << err;
    EXPECT_EQ(document().at("channels").as_array().size(), 1u);
    ASSERT_EQ(run({"channels", "--limit", "1"}), 0);
    EXPECT_EQ(err, "infra: there is more: --after 'quiet', or a higher --limit\n");
    ASSERT_EQ(run({"channels", "none:"}), 0);
    EXPECT_EQ(err, "infra: no channel has subscribers or a history and begins so\n");
}

TEST_F(RealtimeCommand, ListsClients) {
    join("anna", "u1", "room:1");
    join("bert", "u2", "room:1");
    hub.subscribe("other room", "bert");
    ASSERT_EQ(run({"clients", "--channel", "other room"}), 0) << err;
    EXPECT_NE(out.find("bert"), std::string::npos) << out;
    EXPECT_EQ(out.find("anna"), std::string::npos) << out;
    ASSERT_EQ(run({"clients", "--user", "u1", "--json"}), 0) << err;
    EXPECT_EQ(document().at("clients").at(0).at("id"), "anna");
    ASSERT_EQ(run({"clients", "--user", "nobody"}), 0);
    EXPECT_EQ(err, "infra: no such client is there\n");
}

TEST_F(RealtimeCommand, ListsWhoIsPresent) {
    join("phone", "anna", "team:1");
    join("laptop", "anna", "team:1");
    join("desk", "be\x1brt", "team:1");
    ASSERT_EQ(run({"presence", "team:1"}), 0) << err;
    EXPECT_EQ(out.find('\x1b'), std::string::npos) << out;
    EXPECT_NE(out.find("anna  "), std::string::npos) << out;
    ASSERT_EQ(run({"presence", "team:1", "--json"}), 0) << err;
    EXPECT_EQ(document().at("users"), 2) << out;
    EXPECT_EQ(document().at("members").at(0).at("user"), "anna");
    EXPECT_EQ(document().at("members").at(0).at("connections"), 2);
    ASSERT_EQ(run({"presence", "team:2"}), 0);
    EXPECT_EQ(err, "infra: nobody is present there\n");
    EXPECT_EQ(run({"presence"}), 2);
}

TEST_F(RealtimeCommand, ShowsNothingThatATerminalWouldObey) {
    join("anna", "\x1b[2Jevil", "room:1");
    ASSERT_EQ(run({"clients"}), 0) << err;
    EXPECT_EQ(out.find('\x1b'), std::string::npos);
}

// --- publish ------------------------------------------------------------------------------------------------------

TEST_F(RealtimeCommand, Publishes) {
    join("anna", "u1", "room:1");
    ASSERT_EQ(run({"publish", "room:1", "said", R"({"text":"hi"})", "--idempotency-key", "k"}), 0) << err;
    EXPECT_EQ(out, "published in room:1 to 1 subscribers, offset 1\n");
    ASSERT_EQ(run({"publish", "room:1", "said", "--idempotency-key", "k"}), 0) << err;
    EXPECT_EQ(out, "was published already\n");
    ASSERT_EQ(run({"publish", "room:1", "said", "no JSON", "--json"}), 0) << err;
    EXPECT_EQ(document().at("offset"), 2);
    const auto said = wait(hub.history("room:1"));
    EXPECT_EQ(said.messages.at(0).what.data, (json::value{{"text", "hi"}}));
    EXPECT_EQ(said.messages.at(1).what.data, "no JSON");
}

TEST_F(RealtimeCommand, PublishesTheStandardInput) {
    std::istringstream given("[1,2]");
    auto* const before = std::cin.rdbuf(given.rdbuf());
    EXPECT_EQ(run({"publish", "room:1", "said", "-"}), 0) << err;
    std::cin.rdbuf(before);
    std::cin.clear();
    EXPECT_EQ(wait(hub.history("room:1")).messages.at(0).what.data, (json::value{1, 2}));
}

// --- tail ---------------------------------------------------------------------------------------------------------

// Whether the history is read before "three" is said or after it, each is told once.
TEST_F(RealtimeCommand, TailsChannelsFromTheirHistoryOn) {
    hub.publish("room:1", {.type = "said", .data = "one"});
    hub.publish("room:1", {.type = "said", .data = "two"});
    auto ended = tail_until({"room:1", "other", "--history", "10", "--count", "4"},
                            [this] { return !hub.get_subscribers("other").empty(); });
    hub.publish("room:1", {.type = "said", .data = "three\x1b"});
    hub.publish("other", {.type = "news"});
    EXPECT_EQ(ended.get(), 0) << err;
    EXPECT_EQ(out, "room:1#1  said  \"one\"\nroom:1#2  said  \"two\"\nroom:1#3  said  \"three\\u001b\"\nother  news\n");
}

TEST_F(RealtimeCommand, TailsNoMoreOfTheHistoryThanWanted) {
    for (const auto* each : {"one", "two", "three"})
        hub.publish("room:1", {.type = "said", .data = each});
    EXPECT_EQ(run({"tail", "room:1", "--history", "2", "--count", "2"}), 0) << err;
    EXPECT_EQ(out, "room:1#2  said  \"two\"\nroom:1#3  said  \"three\"\n");
}

TEST_F(RealtimeCommand, SaysThatATailHasEnded) {
    auto ended = tail_until({"room:1", "--json"}, [this] { return !hub.get_connected_clients().empty(); });
    for (const auto& each : hub.get_connected_clients())
        hub.disconnect(each);
    EXPECT_EQ(ended.get(), 5);
    EXPECT_EQ(document().at("error").at("message"), "the service has ended the tail");
}

// --- kick ---------------------------------------------------------------------------------------------------------

TEST_F(RealtimeCommand, KicksClientsAndUsers) {
    const auto anna = join("anna", "u1", "room:1");
    const auto bert = join("bert", "u2", "room:1");
    ASSERT_EQ(run({"kick", "anna"}), 0) << err;
    EXPECT_EQ(out, "disconnected 1 on this node\n");
    EXPECT_EQ(anna->closed.load(), realtime::close_code::disconnected);
    EXPECT_EQ(run({"kick", "anna"}), 3);
    ASSERT_EQ(run({"kick", "--user", "u2", "--code", "4000"}), 0) << err;
    EXPECT_EQ(bert->closed.load(), realtime::close_code::shutdown);
    ASSERT_EQ(run({"kick", "--user", "u2"}), 0) << "it may have been on another node";
    EXPECT_EQ(run({"kick"}), 2);
    EXPECT_EQ(run({"kick", "a", "--user", "b"}), 2);
}

// --- what may go wrong --------------------------------------------------------------------------------------------

TEST_F(RealtimeCommand, SaysWhatToDo) {
    ::setenv("INFRA_ADMIN_TOKEN", "another", 1);
    EXPECT_EQ(run({"channels"}), 2);
    EXPECT_NE(err.find("INFRA_ADMIN_TOKEN"), std::string::npos);
    EXPECT_EQ(err.find("another"), std::string::npos) << "no token is shown";
    EXPECT_EQ(run({"tail", "room:1"}), 2);
    ::setenv("INFRA_ADMIN_TOKEN", "of-operators-only", 1);
    EXPECT_EQ(run({"channels", "--url", server->url() + "/elsewhere"}), 1);
    EXPECT_NE(err.find("INFRA_ADMIN_TOKEN"), std::string::npos);
    EXPECT_EQ(run({"channels", "--url", "http://127.0.0.1:1"}), 5);
    EXPECT_EQ(run({"channels", "--timeout", "soon"}), 2);
    EXPECT_EQ(run({"publish", "room:1", "welcome"}), 2);
    EXPECT_NE(err.find("type"), std::string::npos) << err;
}

TEST(RealtimeAnswer, IsADocumentOrAReason) {
    EXPECT_EQ(document_of(200, "[1]"), (json::value(json::array{1})));
    const auto code_of = [](int status, const char* body) {
        try {
            document_of(status, body);
        } catch (const refused& e) {
            return e.exit();
        }
        return exit_code::ok;
    };
    EXPECT_EQ(code_of(200, "<html>"), exit_code::failed);
    EXPECT_EQ(code_of(401, ""), exit_code::usage);
    EXPECT_EQ(code_of(404, "x"), exit_code::failed);
    EXPECT_EQ(code_of(422, R"({"error":{"message":"m"}})"), exit_code::usage);
    EXPECT_EQ(code_of(503, R"({"error":7})"), exit_code::unreachable);
    EXPECT_EQ(code_of(500, ""), exit_code::failed);
    EXPECT_EQ(with_query("/c", {{"a", ""}, {"b", "x y"}, {"b", "&"}}), "/c?b=x%20y&b=%26");
}

// --- bench --------------------------------------------------------------------------------------------------------

TEST_F(RealtimeCommand, MeasuresDeliveries) {
    ASSERT_EQ(run({"bench", "--clients", "20", "--rate", "50", "--for", "200ms", "--json"}), 0) << out << err;
    EXPECT_EQ(document().at("clients"), 20);
    EXPECT_EQ(document().at("published"), 10);
    EXPECT_EQ(document().at("delivered"), 200);
    EXPECT_GT(document().at("p99_ms").to_number<double>(), 0);
    EXPECT_EQ(run({"bench", "wss://shop.example/ws"}), 2);
    EXPECT_EQ(run({"bench", "--for", "1h"}), 2);
}

TEST_F(RealtimeCommand, SaysWhyNobodyCanListen) {
    EXPECT_EQ(run({"bench", "--channel", "room:1", "--clients", "2"}), 5);
    EXPECT_NE(err.find("--channel"), std::string::npos) << err;
    EXPECT_NE(err.find("forbidden"), std::string::npos) << err;
}

} // namespace
} // namespace infra::cli
