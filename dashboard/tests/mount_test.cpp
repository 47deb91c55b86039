#include "src/mount.hpp"
#include "support.hpp"

#include <infra/http_client.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/this_coro.hpp>

#include <cstdlib>
#include <filesystem>
#include <thread>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view secrets[] = {"operators-secret-token", "probes-secret-token", "signing-secret-of-names",
                                        "password-of-the-mail", "key-of-the-bucket"};

/// A service with all panels, and with a secret in every variable that takes one.
struct Mounted : ::testing::Test {
    Mounted() {
        auto pattern = (std::filesystem::temp_directory_path() / "infra-mount-XXXXXX").string();
        folder = ::mkdtemp(pattern.data());
    }
    ~Mounted() override { std::filesystem::remove_all(folder); }

    app::application service(environment::variables more = {}) const {
        more.insert({{"QUEUE_URL", "memory:"},
                     {"STORAGE_URL", "file:" + (folder / "storage").string()},
                     {"EMAIL_URL", "smtp://shop:password-of-the-mail@127.0.0.1:1"},
                     {"INFRA_ADMIN_TOKEN", "operators-secret-token"},
                     {"HEALTH_TOKEN", "probes-secret-token"},
                     {"REALTIME_SIGNING_SECRET", "signing-secret-of-names"},
                     {"S3_SECRET_ACCESS_KEY", "key-of-the-bucket"},
                     {"LOG_LEVEL", "error"}});
        return app::from_environment(
            {.name = "shop", .version = "9", .port = 0, .environment = environment(std::move(more))});
    }

    static http::response ask(app::application& of, http::method how, const std::string& path,
                              http::headers headers = {}) {
        testing::test_loop loop;
        if (!headers.contains("Host"))
            headers.set("Host", "localhost");
        return loop.get(of.http().handle({.method = how, .target = path, .headers = std::move(headers)}));
    }

    std::filesystem::path folder;
};

// Those with a name in their path are asked for one that is not there.
std::string made_of(std::string pattern) {
    for (auto at = pattern.find('{'); at != std::string::npos; at = pattern.find('{'))
        pattern.replace(at, pattern.find('}') - at + 1, "none");
    return pattern;
}

// The dashboard looks at the modules' instances, and one of them could not be made.
TEST_F(Mounted, LeavesItToTheServiceToTellWhatIsWrong) {
    auto app = service({{"QUEUE_URL", "ftp://x"}, {"EMAIL_URL", "pigeon:x"}});
    ::setenv("QUEUE_URL", "ftp://x", 1);
    ::setenv("EMAIL_URL", "pigeon:x", 1);
    EXPECT_NO_THROW(mount(app));
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(app.run(), 1);
    const auto told = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(told.find("QUEUE_URL"), std::string::npos) << told;
    EXPECT_NE(told.find("EMAIL_URL"), std::string::npos) << told;
    ::unsetenv("QUEUE_URL");
    ::unsetenv("EMAIL_URL");
}

TEST_F(Mounted, WhoMayReadChangesNothing) {
    auto shop = service();
    const auto state = mount_board(shop, {.authorize = [](const http::request&) { return role::read; }});
    ASSERT_GE(state->acting_routes().size(), 2u);
    for (const auto& [how, pattern] : state->acting_routes()) {
        const auto answer = ask(shop, how, "/infra/api" + made_of(pattern), of_our_page());
        EXPECT_EQ(answer.status, 403) << pattern;
        EXPECT_NE(answer.body.find("read_only"), std::string::npos) << pattern << answer.body;
    }
}

TEST_F(Mounted, StrangersSeeAndChangeNothing) {
    auto shop = service();
    const auto state = mount_board(shop, {});
    for (const auto& [how, pattern] : state->acting_routes())
        EXPECT_EQ(ask(shop, how, "/infra/api" + made_of(pattern), of_our_page()).status, 401) << pattern;
    for (const auto& pattern : state->shown_routes())
        EXPECT_EQ(ask(shop, http::method::get, "/infra/api" + made_of(pattern), of_our_page()).status, 401) << pattern;
}

TEST_F(Mounted, NoAnswerHasASecretInItAndEachHasItsHeaders) {
    auto shop = service();
    const auto state = mount_board(shop, {.authorize = [](const http::request&) { return role::operate; }});
    for (const auto& pattern : state->shown_routes()) {
        const auto answer = ask(shop, http::method::get, "/infra/api" + made_of(pattern), of_our_page());
        for (const auto& secret : secrets)
            EXPECT_EQ(answer.body.find(secret), std::string::npos) << pattern << " shows " << secret;
        EXPECT_EQ(answer.headers.get("X-Content-Type-Options"), "nosniff") << pattern;
        EXPECT_TRUE(answer.headers.contains("Content-Security-Policy")) << pattern;
        EXPECT_EQ(answer.headers.get("Cache-Control"), "no-store") << pattern;
        EXPECT_TRUE(answer.status < 500 || answer.status == 503) << pattern << " " << answer.body;
    }
}

TEST_F(Mounted, TellsItsEnvironment) {
    for (const auto& [variables, option, expected] :
         std::vector<std::tuple<environment::variables, std::string, std::string>>{
             {{}, "", "development"},
             {{{"NODE_ENV", "staging"}}, "", "staging"},
             {{{"NODE_ENV", "staging"}, {"APP_ENV", "production"}}, "", "production"},
             {{{"APP_ENV", "production"}}, "blue", "blue"}}) {
        auto shop = service(variables);
        const auto state = mount_board(shop, {.environment = option});
        EXPECT_EQ(state->around().environment, expected);
    }
}

TEST_F(Mounted, StandsBesideTheOperatorsPagesOfRealtime) {
    auto shop = service();
    mount(shop, {});
    const http::headers with{{"Authorization", "Bearer operators-secret-token"}};
    EXPECT_EQ(ask(shop, http::method::get, "/infra/realtime/channels", with).status, 200);
    EXPECT_EQ(ask(shop, http::method::get, "/infra/realtime/channels").status, 401);
    EXPECT_EQ(ask(shop, http::method::get, "/infra/realtime.js").status, 200);
    EXPECT_EQ(ask(shop, http::method::get, "/infra/api/session", with).status, 200);
}

awaitable<http::client_response> fetch(std::string url, std::string cookie) {
    const http::client client(co_await asio::this_coro::executor);
    http::client_request asked{.url = std::move(url)};
    asked.headers.set("Cookie", cookie);
    asked.headers.set("Sec-Fetch-Site", "same-origin");
    co_return co_await client.send(std::move(asked));
}

// The link is printed once it can be followed, and a stream that is open does not hold the end up.
TEST_F(Mounted, ServesUntilItIsStoppedWhateverIsOpen) {
    auto shop = service();
    ::testing::internal::CaptureStderr();
    mount(shop, {});
    std::thread visitor;
    http::client_response session, stream;
    std::string link;
    shop.on_started([&](const app::started&) {
        std::fflush(stderr);
        const auto said = ::testing::internal::GetCapturedStderr();
        const auto at = said.find("http://");
        link = at == std::string::npos ? "" : said.substr(at, said.find_first_of(" \n", at) - at);
        visitor = std::thread([&] {
            const auto base = link.substr(0, link.find("/login"));
            const auto in = wait(fetch(link, ""));
            const std::string set(in.headers.get("Set-Cookie").value_or(""));
            const auto cookie = set.substr(0, set.find(';'));
            session = wait(fetch(base + "/api/session", cookie));
            std::thread later([&] {
                while (wait(fetch(base + "/api/nothing", cookie)).status != 404)
                    std::this_thread::yield();
                shop.stop();
            });
            stream = wait(fetch(base + "/api/live?topic=feed&topic=health", cookie));
            later.join();
        });
    });
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(shop.run(), 0);
    visitor.join();
    EXPECT_EQ(session.status, 200);
    EXPECT_TRUE(stream.status == 200 || stream.status == 503) << stream.status;
    EXPECT_LT(std::chrono::steady_clock::now() - began, 20s) << "the drain has 25 s";
}

} // namespace
} // namespace infra::dashboard
