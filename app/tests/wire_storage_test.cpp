#include "src/wiring.hpp"

#include <infra/app/checks.hpp>
#include <infra/runtime/wait.hpp>
#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace infra::app {
namespace {

struct WiredStorage : ::testing::Test {
    ~WiredStorage() override {
        health::remove_health_check("storage");
        storage::set_default_storage(storage::storage({.bucket = storage::make_memory_bucket()}));
    }

    storage::object kept(std::string key) const {
        auto reading = storage::default_storage().get(std::move(key));
        return wait(std::move(reading));
    }
    void keep(std::string key, std::string bytes) const {
        auto putting = storage::default_storage().put(std::move(key), std::move(bytes));
        wait(std::move(putting));
    }
    std::string problem() {
        try {
            wire_storage(w);
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::misconfigured);
            return e.what();
        }
        return "";
    }

    testing::temporary_folder folder;
    app_options options{.name = "shop"};
    environment env{{{"STORAGE_URL", "file:" + folder.path() + "/box"}}};
    http::router routes;
    wiring w{.options = options, .env = env, .routes = routes, .now = std::make_shared<phase>()};
};

TEST_F(WiredStorage, IsTheOneOfTheProcessAndSaysWhatItIs) {
    wire_storage(w);
    ASSERT_EQ(w.chosen.size(), 1U);
    EXPECT_EQ(w.chosen[0].module, "storage");
    EXPECT_EQ(w.chosen[0].backend, "file:" + folder.path() + "/box");
    keep("a.txt", "hello");
    EXPECT_EQ(kept("a.txt").bytes, "hello");
}

TEST_F(WiredStorage, AnswersItsSignedUrls) {
    wire_storage(w);
    keep("a b.txt", "hello");
    auto signing = storage::default_storage().signed_url("a b.txt");
    const auto url = wait(std::move(signing));
    const std::string server = "http://127.0.0.1:3000";
    ASSERT_TRUE(url.starts_with(server + "/storage/a%20b.txt?")) << "a signed URL, of which the rest is not shown";
    const auto answer =
        wait(routes.handle({.target = url.substr(server.size()), .headers = {{"host", "127.0.0.1:3000"}}}));
    EXPECT_EQ(answer.status, 200);
    const auto bare = wait(routes.handle({.target = "/storage/a%20b.txt", .headers = {{"host", "127.0.0.1:3000"}}}));
    EXPECT_EQ(bare.status, 403);
}

TEST_F(WiredStorage, SignsForWhereTheProgramListens) {
    options.host = "0.0.0.0";
    options.port = 8080;
    wire_storage(w);
    auto signing = storage::default_storage().signed_url("a.txt");
    EXPECT_TRUE(wait(std::move(signing)).starts_with("http://127.0.0.1:8080/storage/a.txt?"));
}

TEST_F(WiredStorage, SignsForThePortThatTheProgramWillBeGiven) {
    env = environment({{"PORT", "0"}, {"STORAGE_URL", "file:" + folder.path() + "/box"}});
    wire_storage(w);
    wire_http(w);
    wait(w.parts.back().open());
    EXPECT_NE(w.server->port(), 0);
    auto signing = storage::default_storage().signed_url("a.txt");
    EXPECT_TRUE(wait(std::move(signing)).starts_with(w.server->url() + "/storage/a.txt?"));
}

TEST_F(WiredStorage, IsAskedHowItIs) {
    wire_storage(w);
    const auto report = wait(health::run_health_checks()).to_json();
    EXPECT_EQ(report.at("checks").at("storage").at("status").as_string(), "healthy");
    const storage_check check(storage::default_storage());
    const auto result = wait(check());
    EXPECT_EQ(result.status, health::health_status::healthy);
    EXPECT_EQ(result.details.at("store").as_string(), "file:" + folder.path() + "/box");
    EXPECT_THROW(storage_check(storage::default_storage(), {.degraded_above = std::chrono::milliseconds(0)}),
                 std::invalid_argument);
}

TEST_F(WiredStorage, GoesWhereTheProgramSaysBeforeWhereTheEnvironmentDoes) {
    options.storage.url = "memory:";
    wire_storage(w);
    EXPECT_EQ(w.chosen.at(0).backend, "memory:");
    EXPECT_TRUE(w.parts.empty()) << "nothing is swept in memory";
}

TEST_F(WiredStorage, IsSweptUntilItIsStopped) {
    wire_storage(w);
    const auto& part = w.parts.at(0);
    std::thread stops([&] { wait(part.stop(deadline::after(std::chrono::seconds(10)))); });
    wait(part.run());
    stops.join();
}

TEST_F(WiredStorage, RefusesAPlaceThatCannotBe) {
    std::ofstream(folder.path() + "/file") << "no directory";
    env = environment({{"STORAGE_URL", "file:" + folder.path() + "/file/box"}});
    EXPECT_NE(problem(), "");
    env = environment({{"STORAGE_URL", "unlinked://user:secret@host"}});
    const auto said = problem();
    EXPECT_NE(said, "");
    EXPECT_EQ(said.find("secret"), std::string::npos) << said;
}

TEST_F(WiredStorage, IsMissingWhereNobodyAskedForOneAndNoneCanBe) {
    std::ofstream(folder.path() + "/var") << "no directory";
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    env = environment();
    EXPECT_EQ(problem(), "") << "the service starts all the same";
    std::filesystem::current_path(before);
    EXPECT_TRUE(w.chosen.empty());
    EXPECT_TRUE(w.parts.empty());
}

TEST(StorageRoute, IsThePathOfThePublicUrl) {
    const auto route = [](const char* url) { return storage_route(environment({{"STORAGE_PUBLIC_URL", url}})); };
    EXPECT_EQ(storage_route(environment()), "/storage");
    EXPECT_EQ(route("https://shop.example/files"), "/files");
    EXPECT_EQ(route("https://shop.example/a/b/"), "/a/b");
    for (const char* url : {"https://shop.example", "https://shop.example/", "/files", "https://shop.example/?x=/a"})
        EXPECT_THROW(route(url), error) << url;
}

} // namespace
} // namespace infra::app
