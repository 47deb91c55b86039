#include <infra/email/resend_webhook.hpp>

#include "src/resend/sha256.hpp"
#include "tests/peer.hpp"
#include "tests/support.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

const std::string secret = "whsec_plJ3nmyCDGBKInavdOK15jsl";
const std::string other_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLSw";
const std::string body =
    R"({"created_at":"2024-11-15T21:12:01.000Z","data":{"email_id":"49a3999c","to":["ann@example.org"]},"type":"email.delivered"})";
constexpr wall_time now{1731705121s};

/// As `whose` would sign it.
std::string signature(const std::string& text = body, const std::string& whose = secret,
                      const std::string& id = "msg_1", const std::string& at = "1731705121") {
    return "v1," + encoding::base64_encode(
                       resend::hmac_sha256(webhook_secrets(whose).keys().at(0), id + "." + at + "." + text));
}

http::headers fields(const std::string& signatures, const std::string& id = "msg_1",
                     const std::string& at = "1731705121") {
    return {{"svix-id", id}, {"svix-timestamp", at}, {"svix-signature", signatures}};
}

boost::system::error_code verified(const http::headers& with, const std::string& text = body,
                                   const std::string& secrets = secret, wall_time when = now) {
    const auto event = verify_webhook(with, text, webhook_secrets(secrets), when);
    return event ? boost::system::error_code() : event.error();
}

// --- What is genuine --------------------------------------------------------------------------------------------

// The example of Svix's documentation.
TEST(ResendWebhook, TakesThePublishedSignature) {
    const std::string ping = R"({"event_type":"ping","data":{"success":true}})";
    EXPECT_EQ(verified(fields("v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", "msg_loFOjxBNrRLzqYUf"), ping),
              webhook_errc::no_event)
        << "signed, but no event of ours";
}

TEST(ResendWebhook, IsAnEvent) {
    const auto event = verify_webhook(fields(signature()), body, webhook_secrets(secret), now);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->id, "msg_1");
    EXPECT_EQ(event->type, "email.delivered");
    EXPECT_EQ(event->created_at, "2024-11-15T21:12:01.000Z");
    EXPECT_EQ(event->email_id, "49a3999c");
    EXPECT_EQ(event->data.at("to").at(0), "ann@example.org");
}

TEST(ResendWebhook, MayBeAboutNoMail) {
    const std::string text = R"({"type":"domain.created","data":{"id":"d"}})";
    const auto event = verify_webhook(fields(signature(text)), text, webhook_secrets(secret), now);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->email_id + event->created_at, "");
}

TEST(ResendWebhook, IsSignedByAnyOfSeveralWithAnyOfSeveral) {
    const auto both = secret + " " + other_secret;
    EXPECT_FALSE(verified(fields(signature(body, other_secret)), body, both));
    EXPECT_FALSE(verified(fields(signature()), body, both));
    EXPECT_FALSE(verified(fields("v1,AAAA v2,x " + signature() + " v1a,y"), body, both));
    EXPECT_FALSE(verified(fields("  " + signature() + "  ")));
    EXPECT_EQ(verified(fields(signature(body, other_secret))), webhook_errc::forged);
}

TEST(ResendWebhook, TakesTheFieldsOfStandardWebhooks) {
    EXPECT_FALSE(
        verified({{"Webhook-Id", "msg_1"}, {"Webhook-Timestamp", "1731705121"}, {"Webhook-Signature", signature()}}));
}

TEST(ResendWebhook, MayBeFiveMinutesOffBothWays) {
    for (const auto off : {0s, 300s, -300s})
        EXPECT_FALSE(verified(fields(signature()), body, secret, now + off)) << off.count();
    for (const auto off : {301s, -301s, 86400s, -86400s})
        EXPECT_EQ(verified(fields(signature()), body, secret, now + off), webhook_errc::stale) << off.count();
    for (const auto when : {wall_time::min(), wall_time::max()})
        EXPECT_EQ(verified(fields(signature()), body, secret, when), webhook_errc::stale);
}

// --- What is not ------------------------------------------------------------------------------------------------

TEST(ResendWebhook, NeedsItsThreeFields) {
    for (const char* name : {"svix-id", "svix-timestamp", "svix-signature"}) {
        auto some = fields(signature());
        some.remove(name);
        EXPECT_EQ(verified(some), webhook_errc::no_signature) << name;
        some.set(name, "");
        EXPECT_EQ(verified(some), webhook_errc::no_signature) << name;
        some.set(name, std::string(5000, '1'));
        EXPECT_EQ(verified(some), webhook_errc::no_signature) << name;
    }
    for (const char* at : {"x", "-1731705121", "1731705121x", "1731705121.5", "0x1", "99999999999999999999", "+1"})
        EXPECT_EQ(verified(fields(signature(), "msg_1", at)), webhook_errc::no_signature) << at;
    EXPECT_EQ(verified(fields(signature(), "msg_1", "9223372036854775807")), webhook_errc::stale);
}

TEST(ResendWebhook, IsForgedIfAnythingWasChanged) {
    EXPECT_EQ(verified(fields(signature()), body + " "), webhook_errc::forged);
    EXPECT_EQ(verified(fields(signature(), "msg_2")), webhook_errc::forged);
    EXPECT_EQ(verified(fields(signature(), "msg_1", "1731705122")), webhook_errc::forged);
    EXPECT_EQ(verified(fields(signature(), "msg_1", "01731705121")), webhook_errc::forged);
    EXPECT_EQ(verified(fields(signature()), body, other_secret), webhook_errc::forged);
    const auto good = signature();
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(verified(fields(bad)), webhook_errc::forged) << i;
    }
    for (const auto& bad : std::vector<std::string>{"v1", "v1,", "v1,=", "v1,AAAA", good.substr(3), good + ",",
                                                    "v2" + good.substr(2), good.substr(0, good.size() - 4)})
        EXPECT_EQ(verified(fields(bad)), webhook_errc::forged) << bad;
}

TEST(ResendWebhook, IsNoEventWithoutATypeAndData) {
    for (const std::string text : {"", "[]", "null", "{", R"({"type":"x"})", R"({"type":"x","data":[]})",
                                   R"({"type":7,"data":{}})", R"({"data":{}})", "\xff"})
        EXPECT_EQ(verified(fields(signature(text)), text), webhook_errc::no_event) << text;
}

// --- Npm's packages ---------------------------------------------------------------------------------------------

json::object asked(const std::string& text, const std::string& whose, const std::string& at) {
    return {{"secret", whose}, {"id", "msg_\xc3\xa9"}, {"timestamp", at}, {"body", text}};
}

// They go by the machine's clock.
TEST(ResendWebhook, AgreesWithNpmsPackages) {
    if (const auto why = peer::missing("standardwebhooks") + peer::missing("resend"); !why.empty())
        GTEST_SKIP() << why;
    const auto present = std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    const auto at = [&](std::chrono::seconds off) { return std::to_string(to_unix_ms(present + off) / 1000); };
    json::array questions;
    std::vector<bool> ours;
    for (const auto& text :
         {body, std::string(R"({"type":"x","data":{"name":"J\u00f6rg \u2028"}})"), std::string("{}")})
        for (const auto& whose : {secret, other_secret})
            for (const auto off : {0s, -200s, 200s, -1000s, 1000s})
                for (const auto& sign_with : {secret, other_secret}) {
                    auto one = asked(text, whose, at(off));
                    const auto signatures = "v2,x " + signature(text, sign_with, "msg_\xc3\xa9", at(off));
                    one["signature"] = signatures;
                    questions.push_back(one);
                    const auto code = verified(fields(signatures, "msg_\xc3\xa9", at(off)), text, whose, present);
                    ours.push_back(!code || code == webhook_errc::no_event);
                }
    const temporary_folder folder;
    folder.write("asked.json", json::to_text(questions));
    const auto theirs = peer::output_of("webhook.mjs", "'" + (folder / "asked.json").string() + "'");
    ASSERT_EQ(theirs.as_array().size(), ours.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
        const auto& question = questions[i];
        EXPECT_EQ(theirs.at(i).at("takes").as_bool(), ours[i]) << json::to_text(question);
        EXPECT_EQ(theirs.at(i).at("signature").as_string(),
                  signature(std::string(question.at("body").as_string()),
                            std::string(question.at("secret").as_string()), "msg_\xc3\xa9",
                            std::string(question.at("timestamp").as_string())));
    }
}

// --- Secrets ----------------------------------------------------------------------------------------------------

TEST(WebhookSecrets, AreNotRepeatedWhereTheyAreBad) {
    for (const char* bad : {"", " ", "whsec_", "whsec_AAAA", "s3cret!", "whsec_plJ3nmyCDGBKInavdOK15js\xc3\xa9",
                            "whsec_plJ3nmyCDGBKInavdOK15jsl whsec_s3cret"}) {
        try {
            const webhook_secrets secrets(bad);
            ADD_FAILURE() << bad;
        } catch (const std::invalid_argument& e) {
            EXPECT_TRUE(std::string(e.what()).starts_with("email::webhook_secrets: expected"));
            EXPECT_EQ(std::string(e.what()).find("s3cret"), std::string::npos);
        }
    }
}

TEST(WebhookSecrets, MayStandWithoutPrefixAndPadding) {
    const auto key = webhook_secrets(secret).keys();
    EXPECT_EQ(key.at(0).size(), 18u);
    EXPECT_EQ(webhook_secrets(secret.substr(6)).keys(), key);
    EXPECT_EQ(webhook_secrets(other_secret).keys(), webhook_secrets(other_secret + "=").keys());
    EXPECT_EQ(webhook_secrets(" " + secret + "  " + other_secret + " ").keys().size(), 2u);
}

} // namespace
} // namespace infra::email
