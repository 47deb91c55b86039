#include "src/redaction.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace infra::health::detail {
namespace {

TEST(HealthRedaction, CutsSecretsAndKeepsTheRest) {
    const struct {
        const char* text;
        const char* shown;
    } rows[] = {
        // URLs
        {"redis://user:hunter2@cache:6379/0 refused", "redis://[redacted]@cache:6379/0 refused"},
        {"redis://:hunter2@cache", "redis://[redacted]@cache"},
        {"https://ghp_hunter2@github.com/x", "https://[redacted]@github.com/x"},
        {"postgres://shop:p@ss/w?rd#1@db/shop", "postgres://[redacted]@db/shop"},
        {"redis://u:12/34@h", "redis://[redacted]@h"},
        {"(rediss://u:hunter2@h:6380)", "(rediss://[redacted]@h:6380)"},
        {"a amqp://u:p@h, b amqp://u:p@i", "a amqp://[redacted]@h, b amqp://[redacted]@i"},
        {"amqp://u:p@h,amqp://u:p@i", "amqp://[redacted]@i"},
        {"redis+cluster://u:p@h", "redis+cluster://[redacted]@h"},
        {"https://api.example.com/users/@me?to=a@b.c", "https://api.example.com/users/@me?to=a@b.c"},
        {"https://host:8080/path", "https://host:8080/path"},
        {"no answer from ann@example.com", "no answer from ann@example.com"},
        {"odd ://", "odd ://"},
        // Names
        {"host=db password=hunter2 user=shop", "host=db password=[redacted] user=shop"},
        {"password='hun ter\\'2' user=shop", "password=[redacted] user=shop"},
        {"PGPASSWORD=hunter2", "PGPASSWORD=[redacted]"},
        {"Pwd = hunter2", "Pwd = [redacted]"},
        {"Server=db;Pwd=a;b,c&d", "Server=db;Pwd=[redacted]"},
        {R"({"password": "hunter2", "port": 1})", R"({"password": [redacted], "port": 1})"},
        {R"({\"password\": \"hunter2\"})", R"({\"password\": [redacted])"},
        {"api_key: hunter2", "api_key: [redacted]"},
        {"X-Api-Key: hunter2", "X-Api-Key: [redacted]"},
        {"apiKey=hunter2", "apiKey=[redacted]"},
        {"AWS_SECRET_ACCESS_KEY=hunter2", "AWS_SECRET_ACCESS_KEY=[redacted]"},
        {"https://s3/b?X-Amz-Signature=hunter2", "https://s3/b?X-Amz-Signature=[redacted]"},
        {"params[password]=hunter2", "params[password]=[redacted]"},
        {":password => \"hunter2\"", ":password => [redacted]"},
        {"password='unclosed and on", "password=[redacted]"},
        {"token:\thunter2\nnext", "token:\t[redacted]\nnext"},
        // Schemes
        {"Authorization: Bearer hunter2 rejected", "Authorization: [redacted] rejected"},
        {"Authorization: Basic aHVudGVyMg==", "Authorization: [redacted]"},
        {"sent bearer hunter2 to it", "sent bearer [redacted] to it"},
        {"Set-Cookie: hunter2", "Set-Cookie: [redacted]"},
        {"REDIS_PASS=hunter2", "REDIS_PASS=[redacted]"},
        {"smtp.pass: hunter2", "smtp.pass: [redacted]"},
        {"AccountName=shop;AccountKey=hunter2==;", "AccountName=shop;AccountKey=[redacted]"},
        {"https://blob/c?sv=1&sig=hunter2", "https://blob/c?sv=1&sig=[redacted]"},
        // Without a scheme
        {"shop:hunter2@tcp(db:3306)/shop refused", "[redacted]@tcp(db:3306)/shop refused"},
        {"dial 'shop:p@ss@db:5432'", "dial '[redacted]@db:5432'"},
        // By their looks
        {"got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.", "got [redacted]"},
        {"key AKIAIOSFODNN7EXAMPLE is unknown", "key [redacted] is unknown"},
        {"(ghp_16C7e42F292c6912E7)", "([redacted])"},
        {"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "[redacted]"},
        {"task_live_1 failed", "task_live_1 failed"},
        // Nothing to hide
        {"tests passed: 3", "tests passed: 3"},
        {"at 12:30:01 a@b.example left", "at 12:30:01 a@b.example left"},
        {"ann@host:22 refused", "ann@host:22 refused"},
        {"", ""},
        {"wrong password", "wrong password"},
        {"password authentication failed for user \"shop\"", "password authentication failed for user \"shop\""},
        {"password:", "password:"},
        {"connection refused", "connection refused"},
        {"Grüße aus 東京", "Grüße aus 東京"},
    };
    for (const auto& row : rows)
        EXPECT_EQ(redact(row.text), row.shown) << row.text;
}

TEST(HealthRedaction, LeavesNoPasswordInAnyShapeOfConnectionString) {
    const std::string secret = "hunter2";
    for (const std::string scheme : {"redis", "rediss", "postgresql", "mysql+ssl", "amqp", "smtp", "https"})
        for (const std::string user : {"", "u", "u@corp", "u%40", "ü"})
            for (const std::string before : {"", "@", "/", "?", "#", ":", "%", "\\", "'", "[", "12/"})
                for (const std::string after : {"", "@", "/", "?", ":", "=", "&"})
                    for (const std::string around : {"", "'", "\"", "("}) {
                        const auto text = "x " + around + scheme + "://" + user + ":" + before + secret + after +
                                          "@h:1/2?a=b" + around;
                        EXPECT_EQ(redact(text).find(secret), std::string::npos) << text;
                    }
}

TEST(HealthRedaction, KnowsTheNamesOfSecrets) {
    for (const auto* name : {"password", "DB_PASSWORD", "db.passwd", "client-secret", "accessToken", "api.key",
                             "API_KEY", "x-goog-credential", "privateKey", "private_key", "Cookie", "refresh_token"})
        EXPECT_TRUE(names_a_secret(name)) << name;
    for (const auto* name : {"pass", "DB_PASS", "smtp.pw", "sig"})
        EXPECT_TRUE(names_a_secret(name)) << name;
    for (const auto* name : {"", "user", "host", "key", "passed", "bypass", "port", "keyspace", "design"})
        EXPECT_FALSE(names_a_secret(name)) << name;
}

TEST(HealthMessage, IsBoundedBetweenCharacters) {
    EXPECT_EQ(clean_message("short", 8), "short");
    EXPECT_EQ(clean_message("12345678", 8), "12345678");
    EXPECT_EQ(clean_message("123456789", 8), "12345…");
    EXPECT_EQ(clean_message("1234ü6789", 8), "1234…") << "the ü would be cut in two";
    EXPECT_EQ(clean_message(std::string(5000, 'x')).size(), max_message_bytes);
}

TEST(HealthMessage, IsUtf8Always) {
    EXPECT_EQ(clean_message("a\xff"), "a\xEF\xBF\xBD");
    EXPECT_TRUE(encoding::is_utf8(clean_message(std::string(3000, '\x80'))));
}

TEST(HealthMessage, HidesASecretThatStraddlesTheEndOfWhatIsSearched) {
    const std::string lead = "short ";
    for (std::size_t gap = 8100; gap < 8300; ++gap) {
        const auto text = lead + std::string(gap, ' ') + "redis://:hunter2@host";
        EXPECT_EQ(clean_message(text, 1024).find("hun"), std::string::npos) << gap;
    }
    EXPECT_EQ(clean_message("redis://:" + std::string(1 << 20, 'p') + "@host"), "…");
}

TEST(HealthMessage, OfAMegabyteOfBaitIsCleanedInNoTime) {
    std::string bait;
    while (bait.size() < (1 << 20))
        bait += "://:@";
    EXPECT_LE(clean_message(bait).size(), max_message_bytes);
}

TEST(HealthDetails, AreCleanedInDepth) {
    const json::object details{{"url", "redis://:hunter2@h"},
                               {"api_key", 42},
                               {"nested", {{"list", {"password=hunter2", 1}}, {"token", {{"any", "thing"}}}}}};
    EXPECT_EQ(json::to_text(clean_details(details)),
              R"({"url":"redis://[redacted]@h","api_key":"[redacted]",)"
              R"("nested":{"list":["password=[redacted]",1],"token":"[redacted]"}})");
}

TEST(HealthDetails, AreJsonWhateverIsInThem) {
    json::object details{{"ratio", std::nan("")}, {"sum", HUGE_VAL}};
    details["na\xffme"] = "va\xfflue";
    details["redis://:hunter2@h"] = 1;
    const auto text = json::to_text(clean_details(details));
    EXPECT_TRUE(json::parse<json::value>(text)) << text;
    EXPECT_TRUE(encoding::is_utf8(text)) << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
}

TEST(HealthDetails, AreDroppedWhenTooLarge) {
    const json::object details{{"text", std::string(100, 'x')}};
    EXPECT_EQ(clean_details(details, 200), details);
    EXPECT_EQ(json::to_text(clean_details(details, 64)), R"({"dropped":"more than 64 bytes of JSON"})");
}

} // namespace
} // namespace infra::health::detail
