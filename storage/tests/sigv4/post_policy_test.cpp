#include "src/sigv4/post_policy.hpp"
#include "tests/sigv4/support.hpp"

#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace infra::storage::sigv4 {
namespace {

using namespace std::chrono_literals;

const wall_time noon = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + 12h;
const credentials keys{.access_key_id = "AKID", .secret_access_key = "geheim"};

std::optional<std::string> secret_of(std::string_view id) {
    return id == keys.access_key_id ? std::optional(keys.secret_access_key) : std::nullopt;
}

post_policy photo_policy() {
    return {.key_prefix = "in/",
            .min_size = 1,
            .max_size = 1000,
            .content_type_prefix = "image/",
            .fields = {{"x-amz-meta-user", "7"}, {"success_action_status", "201"}}};
}

/// What a browser posts, with the file's name in the key.
fields posted(const post_policy& policy = photo_policy(), const std::string& name = "cat.png") {
    fields form;
    for (auto& [field, value] : form_fields(policy, "photos", 10min, keys, {.now = noon}))
        form.emplace_back(field, value);
    for (auto& [field, value] : form)
        if (const auto at = value.find(file_name_variable); field == "key" && at != value.npos)
            value.replace(at, file_name_variable.size(), name);
    if (!policy.content_type_prefix.empty())
        form.emplace_back("Content-Type", policy.content_type_prefix + "png");
    return form;
}

std::string document_in(const fields& form) {
    for (const auto& [name, value] : form)
        if (name == "Policy")
            return encoding::base64_decode(value).value();
    return {};
}

std::string code_of(const fields& form, std::uint64_t size = 500, wall_time now = noon) {
    const auto refused = check_policy(document_in(form), form, size, now);
    return refused ? refused->code : "";
}

TEST(PostPolicy, SaysInItsDocumentWhatIsAllowed) {
    const auto form = posted();
    const auto document = json::parse(document_in(form)).value();
    EXPECT_EQ(document.at("expiration"), "2026-01-01T12:10:00Z");
    const auto expected = json::parse(R"([{"X-Amz-Algorithm":"AWS4-HMAC-SHA256"},
        {"X-Amz-Credential":"AKID/20260101/us-east-1/s3/aws4_request"},{"X-Amz-Date":"20260101T120000Z"},
        {"bucket":"photos"},{"success_action_status":"201"},{"x-amz-meta-user":"7"},["starts-with","$key","in/"],
        ["content-length-range",1,1000],["starts-with","$Content-Type","image/"]])");
    EXPECT_EQ(document.at("conditions"), expected.value());
}

TEST(PostPolicy, HidesTheKeyAndWhatSignsIt) {
    const auto fields =
        form_fields({.key = "a.txt", .content_type = "text/plain"}, "photos", 1h,
                    {.access_key_id = "A", .secret_access_key = "s", .session_token = "token"}, {.now = noon});
    std::vector<std::string> names;
    for (const auto& [name, value] : fields)
        names.push_back(name);
    EXPECT_EQ(names,
              (std::vector<std::string>{"Content-Type", "Policy", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date",
                                        "X-Amz-Security-Token", "X-Amz-Signature", "bucket", "key"}));
    EXPECT_EQ(fields.at("key"), "a.txt");
    EXPECT_EQ(fields.at("X-Amz-Security-Token"), "token");
}

TEST(PostPolicy, AllowsWhatItWasMadeFor) {
    EXPECT_EQ(code_of(posted()), "");
    EXPECT_EQ(check_form(posted(), secret_of, {.now = noon}), verdict::good);
    const auto any_key = posted({}, "anything/at all");
    EXPECT_EQ(code_of(any_key), "");
}

TEST(PostPolicy, TakesAVariableAtTheEndOfThePrefixAsTheSame) {
    EXPECT_EQ(document_in(posted({.key_prefix = "in/${filename}"})), document_in(posted({.key_prefix = "in/"})));
}

struct change {
    std::string name;
    std::function<void(fields&)> make;
    std::string code;
};

const std::vector<change> changes = {
    {"another key", [](fields& f) { set(f, "key", "out/cat.png"); }, "AccessDenied"},
    {"no key", [](fields& f) { drop(f, "key"); }, "AccessDenied"},
    {"two keys", [](fields& f) { f.emplace_back("Key", "in/dog.png"); }, "InvalidArgument"},
    {"another type", [](fields& f) { set(f, "Content-Type", "text/html"); }, "AccessDenied"},
    {"a type that hides another", [](fields& f) { set(f, "Content-Type", "image/png, text/html"); }, "AccessDenied"},
    {"no type", [](fields& f) { drop(f, "Content-Type"); }, "AccessDenied"},
    {"another bucket", [](fields& f) { set(f, "bucket", "other"); }, "AccessDenied"},
    {"another value of an exact field", [](fields& f) { set(f, "x-amz-meta-user", "8"); }, "AccessDenied"},
    {"an exact field less", [](fields& f) { drop(f, "x-amz-meta-user"); }, "AccessDenied"},
    {"a field more", [](fields& f) { f.emplace_back("acl", "public-read"); }, "AccessDenied"},
    {"a field in other letters", [](fields& f) { drop(f, "key"), f.emplace_back("KEY", "in/x"); }, ""},
    {"a list of allowed types", [](fields& f) { set(f, "Content-Type", "image/png, image/gif"); }, ""},
    {"a field that is ignored", [](fields& f) { f.emplace_back("x-ignore-button", "send"); }, ""},
    {"a file", [](fields& f) { f.emplace_back("file", "cat.png"); }, ""},
};

TEST(PostPolicy, RefusesWhatItDoesNotAllow) {
    for (const auto& c : changes) {
        SCOPED_TRACE(c.name);
        auto form = posted();
        c.make(form);
        EXPECT_EQ(code_of(form), c.code);
    }
}

TEST(PostPolicy, BoundsTheFile) {
    EXPECT_EQ(code_of(posted(), 0), "EntityTooSmall");
    EXPECT_EQ(code_of(posted(), 1), "");
    EXPECT_EQ(code_of(posted(), 1000), "");
    EXPECT_EQ(code_of(posted(), 1001), "EntityTooLarge");
}

TEST(PostPolicy, EndsWithItsTime) {
    EXPECT_EQ(code_of(posted(), 500, noon + 10min), "");
    EXPECT_EQ(code_of(posted(), 500, noon + 10min + 1s), "AccessDenied");
}

const std::vector<std::pair<std::string, verdict>> signature_changes = {
    {"Policy", verdict::mismatch},
    {"X-Amz-Signature", verdict::mismatch},
    {"X-Amz-Date", verdict::malformed},
    {"X-Amz-Algorithm", verdict::malformed},
    {"X-Amz-Credential", verdict::malformed},
};

TEST(PostPolicy, IsWorthNothingWithoutItsSignature) {
    for (const auto& [name, expected] : signature_changes) {
        SCOPED_TRACE(name);
        auto form = posted();
        set(form, name, "x");
        EXPECT_EQ(check_form(form, secret_of, {.now = noon}), expected);
    }
    auto bare = posted();
    drop(bare, "X-Amz-Signature");
    EXPECT_EQ(check_form(bare, secret_of, {.now = noon}), verdict::unsigned_request);
    const auto nobody = [](std::string_view) { return std::optional<std::string>(); };
    EXPECT_EQ(check_form(posted(), nobody, {.now = noon}), verdict::unknown_key);
    EXPECT_EQ(check_form(posted(), secret_of, {.region = "eu", .now = noon}), verdict::wrong_scope);
    const auto other = [](std::string_view) { return std::optional<std::string>("falsch"); };
    EXPECT_EQ(check_form(posted(), other, {.now = noon}), verdict::mismatch);
}

TEST(PostPolicy, DocumentsThatAreNoneAllowNothing) {
    for (const std::string text :
         {"", "[]", "{}", R"({"expiration":"2026-01-01T12:00:00Z"})", R"({"conditions":[]})",
          R"({"expiration":"soon","conditions":[]})", R"({"expiration":7,"conditions":[]})",
          R"({"expiration":"2026-01-01T12:00:00+01","conditions":[]})",
          R"({"expiration":"2026-01-01T12:00:00Z","conditions":[7]})",
          R"({"expiration":"2026-01-01T12:00:00Z","conditions":[{}]})",
          R"({"expiration":"2026-01-01T12:00:00Z","conditions":[{"key":7}]})",
          R"({"expiration":"2026-01-01T12:00:00Z","conditions":[["ends-with","$key","x"]]})",
          R"({"expiration":"2026-01-01T12:00:00Z","conditions":[["eq","key","x"]]})",
          R"({"expiration":"2026-01-01T12:00:00Z","conditions":[["eq","$key"]]})",
          R"({"expiration":"2026-01-01T12:00:00Z","conditions":[["content-length-range",-1,2]]})",
          R"({"expiration":"2026-01-01T12:00:00Z","conditions":[["content-length-range","1k",2]]})"}) {
        const auto refused = check_policy(text, {}, 0, noon);
        ASSERT_TRUE(refused) << text;
        EXPECT_EQ(refused->code, "InvalidPolicyDocument") << text;
    }
}

TEST(PostPolicy, ReadsWhatOthersWrite) {
    const auto read = form_conditions::read(R"({"expiration":"2026-01-01T12:00:00.500Z","conditions":[
        {"bucket":"photos","key":"a"},["EQ","$Content-Type","x"],["content-length-range","1",10],["content-length-range",0,5]]})");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->min_size(), 1u);
    EXPECT_EQ(read->max_size(), 5u);
    EXPECT_FALSE(read->check_fields({{"bucket", "photos"}, {"key", "a"}, {"content-type", "x"}}, noon));
    EXPECT_TRUE(read->check_fields({{"bucket", "photos"}, {"key", "a"}, {"content-type", "y"}}, noon));
}

TEST(PostPolicy, NamesTheMemberThatCannotBe) {
    const auto sentence = [](const post_policy& p) -> std::string {
        try {
            form_fields(p, "photos", 1h, keys, {.now = noon});
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    EXPECT_NE(sentence({.key = "a", .key_prefix = "b"}).find("key_prefix"), std::string::npos);
    EXPECT_NE(sentence({.min_size = 2, .max_size = 1}).find("min_size"), std::string::npos);
    EXPECT_NE(sentence({.content_type = "a", .content_type_prefix = "b"}).find("content_type_prefix"),
              std::string::npos);
    for (const std::string name : {"Bucket", "key", "POLICY", "x-amz-date", "file"})
        EXPECT_NE(sentence({.fields = {{name, "x"}}}).find("fields"), std::string::npos) << name;
    EXPECT_NE(sentence({.content_type = "a", .fields = {{"content-type", "b"}}}).find("fields"), std::string::npos);
}

} // namespace
} // namespace infra::storage::sigv4
