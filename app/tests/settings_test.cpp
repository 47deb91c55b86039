#include <infra/app/settings.hpp>

#include "src/settings/near_miss.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace infra::app {
namespace {

effective_setting effective(std::string_view name, const environment& variables, const environment& dotenv = {}) {
    for (auto& each : effective_settings(variables, dotenv))
        if (each.known->name == name)
            return each;
    ADD_FAILURE() << name << " is not known";
    return {.known = nullptr};
}

using texts = std::vector<std::string>;

texts problems_of(environment::variables values) { return check_settings(environment(std::move(values))).problems; }
texts warnings_of(environment::variables values) { return check_settings(environment(std::move(values))).warnings; }

TEST(SettingsTable, SaysOfEachWhatItMeans) {
    std::set<std::string_view> names;
    for (const auto& each : known_settings()) {
        EXPECT_TRUE(names.insert(each.name).second) << each.name << " is there twice";
        EXPECT_FALSE(each.module.empty()) << each.name;
        EXPECT_TRUE(each.meaning.ends_with('.')) << each.name;
        EXPECT_FALSE(expected_form(each).empty()) << each.name;
    }
}

// Its own examples and defaults have the form that it asks for.
TEST(SettingsTable, TakesItsExamplesAndDefaults) {
    for (const auto& each : known_settings())
        for (const auto value : {each.fallback, each.example})
            if (!each.secret && !value.empty())
                EXPECT_EQ(effective(each.name, environment({{std::string(each.name), std::string(value)}})).problem,
                          "");
}

TEST(EffectiveSettings, AreTheDefaultsWhereNothingIsSet) {
    const auto port = effective("PORT", environment());
    EXPECT_EQ(port.value, "3000");
    EXPECT_EQ(port.source, setting_source::standard);
    EXPECT_EQ(effective("PORT", environment({{"PORT", ""}})).value, "3000");
    EXPECT_EQ(effective("REDIS_URL", environment()).value, "");
}

TEST(EffectiveSettings, FollowWhatAnotherVariableDecides) {
    const environment with(
        {{"REDIS_URL", "redis://user:s3cret@h:6379/1"}, {"RESEND_API_KEY", "re_1"}, {"S3_BUCKET", "b"}});
    for (const auto* each : {"QUEUE_URL", "CACHE_URL", "REALTIME_URL"})
        EXPECT_EQ(effective(each, with).value, "redis://h:6379/1");
    EXPECT_EQ(effective("EMAIL_URL", with).value, "resend:");
    EXPECT_EQ(effective("STORAGE_URL", with).value, "s3:");
    EXPECT_EQ(effective("STORAGE_URL", with).source, setting_source::standard);
    EXPECT_EQ(effective("QUEUE_URL", environment({{"QUEUE_URL", "memory:"}, {"REDIS_URL", "redis://h"}})).value,
              "memory:");
}

TEST(EffectiveSettings, TellWhereAValueComesFrom) {
    const environment process({{"PORT", "80"}, {"HEALTH_TOKEN_FILE", "/dev/null"}, {"HOST", ""}});
    const environment dotenv({{"PORT", "81"}, {"HOST", "::1"}, {"HEALTH_TOKEN", "from the file below"}});
    EXPECT_EQ(effective("PORT", process, dotenv).value, "80");
    EXPECT_EQ(effective("PORT", process, dotenv).source, setting_source::environment);
    EXPECT_EQ(effective("HOST", process, dotenv).value, "::1");
    EXPECT_EQ(effective("HOST", process, dotenv).source, setting_source::dotenv);
    EXPECT_EQ(effective("HEALTH_TOKEN", process, dotenv).source, setting_source::file);
    EXPECT_EQ(effective("HEALTH_TOKEN", process, dotenv).problem, "HEALTH_TOKEN_FILE: the file /dev/null is empty");
}

TEST(EffectiveSettings, ShowNoSecret) {
    const environment with({{"HEALTH_TOKEN", "s3cret"},
                            {"REDIS_URL", "redis://user:s3cret@h:6379/1"},
                            {"EMAIL_URL", "smtp://a:s3cret@one.example smtps://b:s3cret@two.example"},
                            {"https_proxy", "http://me:s3cret@proxy:3128"},
                            {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret"}});
    EXPECT_EQ(effective("HEALTH_TOKEN", with).value, "(set)");
    EXPECT_EQ(effective("REDIS_URL", with).value, "redis://h:6379/1");
    EXPECT_EQ(effective("EMAIL_URL", with).value, "smtp://one.example smtps://two.example");
    for (const auto& each : effective_settings(with))
        EXPECT_EQ((each.value + each.problem).find("s3cret"), std::string::npos) << each.known->name;
}

TEST(CheckSettings, FindsNothingWhereNothingIsSet) {
    EXPECT_EQ(problems_of({}), texts());
    EXPECT_EQ(warnings_of({{"PATH", "/bin"}, {"HOME", "/root"}, {"LANG", "C"}, {"SHLVL", "1"}}), texts());
}

TEST(CheckSettings, TellsEverythingAtOnce) {
    const environment::variables wrong{{"PORT", "abc"},
                                       {"DRAIN_DELAY", "a while"},
                                       {"INFRA_ADMIN_TOKEN", "short"},
                                       {"QUEUE_URL", "ftp://x"},
                                       {"CACHE_URL", "redis://h:99999"},
                                       {"REALTIME_URL", "http://h"},
                                       {"STORAGE_URL", "ftp://x"},
                                       {"STORAGE_PUBLIC_URL", "https://no-path"},
                                       {"EMAIL_URL", "pigeon:x"},
                                       {"EMAIL_FROM", "nobody"},
                                       {"OTEL_EXPORTER_OTLP_ENDPOINT", "collector"},
                                       {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector"},
                                       {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://collector"},
                                       {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                                       {"OTEL_BLRP_SCHEDULE_DELAY", "-1"}};
    std::set<std::string> told, expected;
    for (const auto& each : problems_of(wrong))
        told.insert(each.substr(0, each.find(':')));
    for (const auto& [name, value] : wrong)
        if (name != "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT") // is right, and so the rest of its signal is read
            expected.insert(name);
    EXPECT_EQ(told, expected);
}

TEST(CheckSettings, NamesTheVariableAndNeverItsValue) {
    for (const auto& each : known_settings())
        for (const auto& problem : problems_of({{std::string(each.name), "s3cret\x01 s3cret"}}))
            EXPECT_EQ(problem.find("s3cret"), std::string::npos) << problem;
    EXPECT_EQ(problems_of({{"PORT", "70000"}}), texts{"PORT: expected a whole number from 0 to 65535"});
    EXPECT_EQ(problems_of({{"REALTIME_SIGNING_SECRET", "0123456789abcdef, short"}}),
              texts{"REALTIME_SIGNING_SECRET: expected secrets of at least 16 bytes that nobody can guess"});
}

TEST(CheckSettings, FindsHalfASet) {
    const std::pair<environment::variables, const char*> cases[] = {
        {{{"S3_BUCKET", "photos"}}, "there are no credentials"},
        {{{"S3_BUCKET", "photos"}, {"S3_ACCESS_KEY_ID", "a"}}, "S3_SECRET_ACCESS_KEY: missing beside S3_ACCESS_KEY_ID"},
        {{{"S3_BUCKET", "photos"}, {"S3_SECRET_ACCESS_KEY", "a"}},
         "S3_ACCESS_KEY_ID: missing beside S3_SECRET_ACCESS_KEY"},
        {{{"S3_ENDPOINT", "https://s3.example"}}, "S3_BUCKET: missing beside S3_ENDPOINT"},
        {{{"S3_BUCKET", "photos"}, {"AWS_ACCESS_KEY_ID", "a"}},
         "AWS_SECRET_ACCESS_KEY is missing beside AWS_ACCESS_KEY_ID"},
        {{{"EMAIL_URL", "smtp://me@mail.example"}}, "EMAIL_URL: the URL of SMTP has a user without a password"},
        {{{"PORT", "1"}, {"PORT_FILE", "/x"}}, "PORT: both PORT and PORT_FILE are set; keep one"},
    };
    for (const auto& [variables, problem] : cases) {
        const auto found = problems_of(variables);
        ASSERT_EQ(found.size(), 1u) << problem;
        EXPECT_TRUE(found[0].starts_with(problem)) << found[0];
    }
}

TEST(CheckSettings, FindsTheOtherHalfInTheEnvironmentThatItIsGiven) {
    EXPECT_EQ(problems_of({{"EMAIL_URL", "smtp://me@mail.example"}, {"EMAIL_PASSWORD", "s3cret"}}), texts());
    EXPECT_EQ(problems_of({{"S3_BUCKET", "photos"}, {"S3_ACCESS_KEY_ID", "a"}, {"S3_SECRET_ACCESS_KEY", "b"}}),
              texts());
}

// Such variables are set for a whole cluster, in which other programs speak other protocols.
TEST(CheckSettings, OnlyWarnsOfTelemetryThatIsNotSent) {
    EXPECT_EQ(problems_of({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}), texts());
    EXPECT_EQ(warnings_of({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}),
              texts{"OTEL_EXPORTER_OTLP_PROTOCOL: expected http/json"});
    EXPECT_EQ(
        problems_of({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}, {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://h"}}).size(), 1u);
    EXPECT_EQ(warnings_of({{"LOG_LEVEL", "loud"}}),
              texts{"LOG_LEVEL: expected debug, info, warn or error, or module=level, with commas between"});
}

TEST(CheckSettings, WarnsOfNamesThatNobodyReads) {
    EXPECT_EQ(warnings_of({{"QUEUE_ULR", "sqlite:x"}}),
              texts{"QUEUE_ULR is not read by anything; did you mean QUEUE_URL?"});
    EXPECT_EQ(warnings_of({{"REDIS_URI", "redis://h"}, {"QUEUE_URL_FILES", "x"}}),
              (texts{"REDIS_URI is not read by anything; did you mean REDIS_URL?"}));
    EXPECT_EQ(warnings_of({{"QUEUE_ULR_FILE", "/x"}}),
              texts{"QUEUE_ULR_FILE is not read by anything; did you mean QUEUE_URL?"});
    EXPECT_EQ(warnings_of({{"INFRA_COLOUR", "1"}}),
              texts{"INFRA_COLOUR is not read by anything; see `infra config docs` for what is"});
    EXPECT_EQ(warnings_of({{"INFRA_ADMIN_TOKEN_FILE", "/nowhere"}, {"INFRA_JOB_ID", "1"}, {"QUEUE_ULR", ""}}), texts());
}

TEST(NearMiss, IsOneSlip) {
    using settings::meant_by;
    EXPECT_EQ(meant_by("PROT"), "PORT");
    EXPECT_EQ(meant_by("S3_ACCES_KEY_ID"), "S3_ACCESS_KEY_ID");
    EXPECT_EQ(meant_by("S3_BUCKETS"), "S3_BUCKET");
    EXPECT_EQ(meant_by("EMIAL_FROM"), "EMAIL_FROM");
    for (const char* meant_as_it_is :
         {"PORT", "POST", "HOST", "HOSTS", "MOST", "HTTP_PROXY", "LANG", "TERM", "PWD", "USER", "AWS_ENDPOINT_URL_SQS",
          "DATABASE_URL", "LOG_FORMAT", "http_proxy", "MAIL_FROM", ""})
        EXPECT_EQ(meant_by(meant_as_it_is), "") << meant_as_it_is;
}

} // namespace
} // namespace infra::app
