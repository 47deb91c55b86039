#include "src/resend/options.hpp"

#include "tests/support.hpp"

#include <infra/runtime/environment.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace infra::email::resend {
namespace {

using namespace std::chrono_literals;

TEST(ResendOptions, NameWhatIsBad) {
    const std::pair<std::function<void(resend_options&)>, std::string> table[] = {
        {[](auto& o) { o.api_key.clear(); }, "api_key must be a key of Resend, re_…"},
        {[](auto& o) { o.api_key = "re_a\r\nx"; }, "api_key must be a key of Resend, re_…"},
        {[](auto& o) { o.base_url = "api.resend.com"; },
         "base_url must be https://host, without user, query and fragment"},
        {[](auto& o) { o.base_url = "https://u:p@api"; },
         "base_url must be https://host, without user, query and fragment"},
        {[](auto& o) { o.user_agent.clear(); }, "user_agent must be text for a header"},
        {[](auto& o) { o.connections = 0; }, "connections must be between 1 and 1000"},
        {[](auto& o) { o.connections = 1001; }, "connections must be between 1 and 1000"},
        {[](auto& o) { o.max_waiting = 0; }, "max_waiting must be at least 1"},
        {[](auto& o) { o.connect_timeout = 0ms; }, "connect_timeout must be greater than zero"},
        {[](auto& o) { o.time = nullptr; }, "time must be a clock"},
    };
    for (const auto& [spoil, sentence] : table) {
        resend_options o{.api_key = "re_x"};
        spoil(o);
        try {
            make_resend_transport(o);
            ADD_FAILURE() << sentence;
        } catch (const std::invalid_argument& e) {
            EXPECT_EQ(e.what(), "email::resend_options::" + sentence);
        }
    }
    EXPECT_THROW(make_resend_transport({.api_key = "re_x", .proxy = {.https = "nonsense://x"}}), std::invalid_argument);
}

TEST(ResendOptions, TakeAnAddressOfTheApi) {
    for (const char* good :
         {"https://api.resend.com", "http://localhost:3000", "https://mock/resend/", "http://[::1]:80"})
        EXPECT_NO_THROW(make_resend_transport({.api_key = "re_x", .base_url = good})) << good;
    for (const char* bad :
         {"", "https://", "https:///x", "ftp://x", "https://x?y", "https://x#y", "https://x y", "//x"})
        EXPECT_THROW(make_resend_transport({.api_key = "re_x", .base_url = bad}), std::invalid_argument) << bad;
}

TEST(ResendOptions, AreThoseOfResendsOwnClients) {
    const auto o = resend_options_from(environment({{"RESEND_API_KEY", "re_1"},
                                                    {"RESEND_BASE_URL", "http://localhost:3000"},
                                                    {"RESEND_USER_AGENT", "shop/1"},
                                                    {"https_proxy", "proxy:3128"}}));
    EXPECT_EQ(o.api_key, "re_1");
    EXPECT_EQ(o.base_url, "http://localhost:3000");
    EXPECT_EQ(o.user_agent, "shop/1");
    EXPECT_EQ(o.proxy.https, "http://proxy:3128");
    const auto plain = resend_options_from(environment({{"RESEND_API_KEY", "re_1"}}));
    EXPECT_EQ(plain.base_url, "https://api.resend.com");
    EXPECT_EQ(plain.user_agent, "infra");
}

TEST(ResendOptions, AreReadFromAFileToo) {
    const temporary_folder folder;
    folder.write("key", "re_secret\n");
    EXPECT_EQ(resend_options_from(environment({{"RESEND_API_KEY_FILE", (folder / "key").string()}})).api_key,
              "re_secret");
}

TEST(ResendOptions, SayWhichVariableIsMissingOrBad) {
    const std::pair<environment::variables, std::string> table[] = {
        {{}, "RESEND_API_KEY is not set"},
        {{{"RESEND_API_KEY", "re_s3 cret"}}, "RESEND_API_KEY: expected"},
        {{{"RESEND_API_KEY", "re_1"}, {"RESEND_BASE_URL", "s3cret"}}, "RESEND_BASE_URL: expected"},
        {{{"RESEND_API_KEY", "re_1"}, {"RESEND_USER_AGENT", "a\ns3cret"}}, "RESEND_USER_AGENT: expected"},
    };
    for (const auto& [variables, sentence] : table) {
        const auto why = failure_of([&] { resend_options_from(environment(variables)); });
        EXPECT_EQ(why.code, infra::errc::misconfigured) << sentence;
        EXPECT_TRUE(why.sentence.starts_with(sentence)) << why.sentence;
        EXPECT_EQ(why.sentence.find("s3"), std::string::npos);
    }
}

TEST(ResendUrl, TakesNothingBehindTheColon) {
    for (const char* url : {"resend://re_s3cret", "resend:re_s3cret"}) {
        const auto why = failure_of([&] { make_transport(url); });
        EXPECT_EQ(why.code, infra::errc::misconfigured);
        EXPECT_TRUE(why.sentence.starts_with("resend: takes nothing behind the colon")) << why.sentence;
        EXPECT_EQ(why.sentence.find("s3cret"), std::string::npos);
    }
}

} // namespace
} // namespace infra::email::resend
