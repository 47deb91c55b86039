#include "src/settings/panel.hpp"
#include "support.hpp"

namespace infra::dashboard {
namespace {

struct SettingsPanel : ::testing::Test {
    mounted on;
    environment variables{{{"REDIS_URL", "redis://user:hunter2@localhost"},
                           {"HEALTH_TOKEN", "token-of-the-probe"},
                           {"PORT", "abc"},
                           {"INFRA_ADMIM_TOKEN", "x"}}};

    SettingsPanel() {
        add_settings_panel(on.state, {.settings = [this] { return app::effective_settings(variables); },
                                      .warnings = [this] { return app::check_settings(variables).warnings; },
                                      .build = facts_of_build()});
    }

    json::value setting(std::string_view name) {
        const auto document = on.get("/settings");
        for (const auto& each : document.at("items").as_array())
            if (each.at("name") == json::value(name))
                return each;
        return {};
    }
};

TEST_F(SettingsPanel, ShowsWhatIsInForceAndNoSecret) {
    EXPECT_EQ(setting("PORT").at("source"), "environment");
    EXPECT_NE(setting("PORT").at("problem"), "");
    EXPECT_EQ(setting("HEALTH_TOKEN").at("secret"), true);
    const auto text = on.ask(http::method::get, "/settings").body;
    EXPECT_EQ(text.find("hunter2"), std::string::npos);
    EXPECT_EQ(text.find("token-of-the-probe"), std::string::npos);
    EXPECT_NE(text.find("redis://"), std::string::npos);
}

TEST_F(SettingsPanel, TellsWhatLooksLikeAMistake) {
    const auto warnings = on.get("/settings").at("warnings");
    ASSERT_FALSE(warnings.as_array().empty());
    EXPECT_NE(std::string(warnings.at(0).as_string()).find("INFRA_ADMIM_TOKEN"), std::string::npos);
}

TEST_F(SettingsPanel, TellsWhatTheServiceIsMadeOf) {
    const auto build = on.get("/settings").at("build");
    EXPECT_NE(build.at("infra"), "");
    EXPECT_NE(std::string(build.at("compiler").as_string()).find("lang"), std::string::npos);
}

TEST_F(SettingsPanel, TellsHowFarBackEachRingGoes) {
    on.board().keeps("logs",
                     [] { return reach{.since = from_unix_ms(1000), .entries = 3, .bytes = 700, .max_bytes = 1024}; });
    const auto kept = on.get("/settings").at("kept");
    EXPECT_EQ(kept.at(1),
              (json::value{{"name", "logs"}, {"oldest", 1000}, {"entries", 3}, {"bytes", 700}, {"most", 1024}}));
}

TEST_F(SettingsPanel, ShowsTheRecordOfActionsPageByPage) {
    on.board().act(http::method::post, "/things/{id}", "touch a thing",
                   [](acting, http::request) -> awaitable<http::response> { co_return http::response::no_content(); });
    for (int i = 0; i < 3; ++i)
        on.act(http::method::post, "/things/" + std::to_string(i));
    const auto first = on.get("/actions?limit=2");
    ASSERT_EQ(first.at("items").as_array().size(), 2u);
    const auto& newest = first.at("items").at(0);
    EXPECT_EQ(newest.at("what"), "touch a thing");
    EXPECT_EQ(newest.at("path"), "/things/2");
    EXPECT_EQ(newest.at("who"), "service");
    EXPECT_EQ(newest.at("outcome"), "done");
    const auto rest = on.get("/actions?limit=2&cursor=" + std::string(first.at("next").as_string()));
    EXPECT_EQ(rest.at("items").as_array().size(), 1u);
    EXPECT_TRUE(rest.at("next").is_null());
    EXPECT_EQ(on.status_of("/actions?cursor=x"), 422);
}

} // namespace
} // namespace infra::dashboard
