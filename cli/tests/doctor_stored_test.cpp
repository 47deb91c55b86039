#include "src/doctor/secrets.hpp"
#include "src/doctor/sqlite.hpp"
#include "src/doctor/time_zones.hpp"

#include <infra/testing/redis_server.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <sqlite3.h>
#include <sys/stat.h>

namespace infra::cli::doctor {
namespace {

TEST(DoctorSecrets, AreLongAndNotMadeOfWords) {
    const std::pair<const char*, const char*> cases[] = {
        {"9uZ2kq0Vw3Lx7Rt5Yb1N", ""},
        {"7f1c0e5a9d3b48620c4e", ""},
        {"short", "has fewer than 16 characters"},
        {"aaaaaaaaaaaaaaaaaaaaaaaa", "repeats a few characters"},
        {"0101010101010101", "repeats a few characters"},
        {"ChangeMe-ChangeMe-ChangeMe", "is made of words that everybody tries first"},
        {"secret-password-admin", "is made of words that everybody tries first"},
    };
    for (const auto& [secret, weak] : cases)
        EXPECT_EQ(weakness_of(secret), weak) << secret;
}

TEST(DoctorSecrets, AreToldByTheNameOfTheirSetting) {
    const auto judged = [](environment::variables values) {
        return look_at_secrets({.variables = environment(std::move(values))});
    };
    EXPECT_EQ(judged({}).front().verdict, verdict::skipped);
    const auto found = judged({{"INFRA_ADMIN_TOKEN", "changeme-changeme"}, {"HEALTH_TOKEN", "9uZ2kq0Vw3Lx7Rt5Yb1N"}});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].about, "INFRA_ADMIN_TOKEN");
    EXPECT_EQ(found[0].verdict, verdict::warn);
    EXPECT_EQ(found[1].verdict, verdict::ok);
    for (const auto& each : found)
        EXPECT_EQ((each.found + each.means + each.advice).find("changeme"), std::string::npos);
    EXPECT_EQ(judged({{"REALTIME_SIGNING_SECRET", "9uZ2kq0Vw3Lx7Rt5Yb1N,old"}}).front().verdict, verdict::warn)
        << "the second of the list";
}

TEST(DoctorFiles, AreClosedToOthers) {
    const std::pair<file_facts, verdict> cases[] = {
        {{.file = ".env", .mode = 0600}, verdict::ok},
        {{.file = ".env", .mode = 0640}, verdict::ok},
        {{.file = ".env", .mode = 0644}, verdict::warn},
        {{.file = ".env", .mode = 0666}, verdict::fail},
        {{.file = "/run/key", .of = "RESEND_API_KEY_FILE", .problem = "No such file or directory"}, verdict::fail},
    };
    for (const auto& [facts, expected] : cases)
        EXPECT_EQ(worst_of(judge_file(facts)), expected) << facts.mode;
    EXPECT_EQ(judge_file(cases[2].first).front().found, "may be read by everybody (0644)");
}

TEST(DoctorFiles, AreThoseOfSecretsAndUrls) {
    const testing::temporary_folder folder;
    const auto file = folder.path() + "/key";
    std::ofstream(file) << "re_0123456789";
    ::chmod(file.c_str(), 0644);
    const situation at{.variables = environment({{"RESEND_API_KEY_FILE", file}, {"S3_CA_FILE", "/etc/hosts"}})};
    EXPECT_EQ(no_files(at), "");
    const auto found = look_at_files(at);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found.front().about, file + " (RESEND_API_KEY_FILE)");
    EXPECT_EQ(found.front().verdict, verdict::warn);
    EXPECT_NE(no_files({}), "");
}

TEST(DoctorResend, KnowsTheFormOfAKey) {
    EXPECT_EQ(worst_of(judge_resend_key("re_0123456789")), verdict::ok);
    EXPECT_EQ(worst_of(judge_resend_key("re_")), verdict::warn);
    EXPECT_EQ(worst_of(judge_resend_key("sk_0123456789")), verdict::warn);
    EXPECT_EQ(worst_of(judge_resend_key("re_0123456789 ")), verdict::fail);
    const auto skipped = [](environment::variables v) { return no_resend({.variables = environment(std::move(v))}); };
    EXPECT_EQ(skipped({{"RESEND_API_KEY", "re_1"}}), "");
    EXPECT_NE(skipped({{"RESEND_API_KEY", "re_1"}, {"EMAIL_URL", "log:"}}), "");
    EXPECT_NE(skipped({}), "");
}

TEST(DoctorZones, NeedADatabase) {
    EXPECT_EQ(worst_of(judge_zones({.folder = "/z"})), verdict::ok);
    EXPECT_EQ(worst_of(judge_zones({.folder = "/z", .lacking = {"Asia/Tokyo"}})), verdict::warn);
    EXPECT_EQ(worst_of(judge_zones({.folder = "/z", .lacking = {"Europe/Berlin", "America/New_York", "Asia/Tokyo"}})),
              verdict::fail);
    EXPECT_EQ(worst_of(judge_zones({.folder = "/z", .tz = "Europe/Atlantis", .tz_known = false})), verdict::warn);
}

TEST(DoctorZones, LookUpNamesAndBelieveRules) {
    const auto judged = [](const char* tz) {
        return worst_of(look_at_zones({.variables = environment({{"TZ", tz}})}));
    };
    if (!std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin"))
        GTEST_SKIP() << "tzdata is not installed (apt-get install tzdata)";
    for (const auto* each :
         {"", "UTC", "Europe/Berlin", ":Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", "/etc/localtime"})
        EXPECT_EQ(judged(each), verdict::ok) << each;
    EXPECT_EQ(judged("Europe/Atlantis"), verdict::warn);
}

class DoctorSqlite : public ::testing::Test {
protected:
    void make(const char* statements) {
        sqlite3* opened = nullptr;
        ASSERT_EQ(::sqlite3_open(file.c_str(), &opened), SQLITE_OK);
        ASSERT_EQ(::sqlite3_exec(opened, statements, nullptr, nullptr, nullptr), SQLITE_OK);
        ::sqlite3_close(opened);
    }
    findings judged() const { return judge_sqlite(read_sqlite(file, std::chrono::seconds(5))); }

    testing::temporary_folder folder;
    std::string file = folder.path() + "/queue.db";
};

constexpr const char* many_rows =
    "PRAGMA journal_mode = wal; CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX i ON t(b);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    "INSERT INTO t SELECT i, hex(randomblob(40)) FROM n";

TEST_F(DoctorSqlite, IsWholeAndNotThereYetAndStaysAsItWas) {
    EXPECT_EQ(judged().front().found, "is not there yet; it will be made");
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    make(many_rows);
    EXPECT_EQ(judged().front().found, "is whole, journal wal");
}

TEST_F(DoctorSqlite, IsNoDatabase) {
    std::ofstream(file) << std::string(8192, 'x');
    EXPECT_EQ(worst_of(judged()), verdict::fail);
    EXPECT_NE(judged().front().found.find("cannot be read"), std::string::npos) << judged().front().found;
}

TEST_F(DoctorSqlite, IsDamaged) {
    make(many_rows);
    {
        std::fstream in(file, std::ios::in | std::ios::out | std::ios::binary);
        in.seekp(5 * 4096);
        in << std::string(4 * 4096, 'x');
    }
    const auto found = judged();
    EXPECT_EQ(worst_of(found), verdict::fail);
    EXPECT_NE(found.front().found.find("damaged"), std::string::npos) << found.front().found;
}

TEST_F(DoctorSqlite, DoesNotBelongOnNfs) {
    EXPECT_EQ(worst_of(judge_sqlite({.file = "q.db", .exists = true, .file_system = "NFS"})), verdict::fail);
    EXPECT_EQ(worst_of(judge_sqlite({.file = "q.db", .file_system = "NFS"})), verdict::fail);
}

} // namespace
} // namespace infra::cli::doctor
