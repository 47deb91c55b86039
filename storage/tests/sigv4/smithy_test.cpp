// What npm's @smithy/signature-v4 and @aws-sdk/s3-presigned-post make of the same.

#include "src/sigv4/post_policy.hpp"
#include "src/sigv4/sigv4.hpp"
#include "tests/peer.hpp"
#include "tests/sigv4/support.hpp"

#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace infra::storage::sigv4 {
namespace {

using namespace std::chrono_literals;

struct signing {
    credentials keys;
    scope in;
    std::string key, payload;
    request of;
    std::chrono::seconds expires{};
};

/// What keys, headers and queries may hold, the same at each run.
class lots {
public:
    int below(int end) { return std::uniform_int_distribution(0, end - 1)(random_); }

    std::string text(int longest, const std::vector<std::string>& of) {
        std::string made;
        for (int left = below(longest + 1); left > 0; --left)
            made += of[static_cast<std::size_t>(below(static_cast<int>(of.size())))];
        return made;
    }

    signing next() {
        signing s;
        s.keys = {.access_key_id = "AKID" + text(8, letters_),
                  .secret_access_key = "s" + text(40, printable_),
                  .session_token = below(3) ? "" : "t" + text(60, printable_)};
        s.in = {.region = below(2) ? "us-east-1" : "eu" + text(5, letters_), .now = when()};
        s.key = "k" + text(30, anything_);
        s.payload = below(2) ? std::string(unsigned_payload) : payload_hash(s.key);
        s.of.method = methods_[static_cast<std::size_t>(below(5))];
        s.of.path = "/" + encoding::percent_encode(s.key, encoding::path);
        s.of.headers.emplace_back("Host", "h" + text(10, letters_) + (below(2) ? ":9000" : ""));
        for (int i = below(6); i > 0; --i)
            s.of.headers.emplace_back((below(2) ? "X-Amz-Meta-" : "h-") + std::to_string(i) + text(4, letters_),
                                      text(20, values_));
        for (int i = below(5); i > 0; --i)
            s.of.query.emplace_back("q" + text(6, anything_), text(12, anything_));
        s.expires = std::chrono::seconds(1 + below(604'800));
        return s;
    }

private:
    wall_time when() {
        const int day = below(20'000);
        return wall_time(std::chrono::days(day)) + std::chrono::milliseconds(below(86'400'000));
    }

    static std::vector<std::string> each(std::string_view characters) {
        std::vector<std::string> all;
        for (const char c : characters)
            all.emplace_back(1, c);
        return all;
    }

    static std::vector<std::string> with(std::vector<std::string> all, const std::vector<std::string>& more) {
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    std::mt19937 random_{20'260'101};
    const std::vector<std::string> letters_ = each("abcdefghijklmnopqrstuvwxyz0123456789");
    const std::vector<std::string> printable_ = each("ABCxyz019+/=!$&'()*,;:@-._~ ");
    const std::vector<std::string> values_ = with(printable_, {"  ", "\t", "   ", "\"", "%20", "a", "b"});
    const std::vector<std::string> anything_ = with(printable_, {"/",
                                                                 "//",
                                                                 "/../",
                                                                 "/./",
                                                                 "%",
                                                                 "%2F",
                                                                 "#",
                                                                 "?",
                                                                 "+",
                                                                 "\"",
                                                                 "<",
                                                                 "\\",
                                                                 "^",
                                                                 "`",
                                                                 "{|}",
                                                                 "\xc3\xa9",
                                                                 "e\xcc\x81",
                                                                 "\xe6\x97\xa5",
                                                                 "\xf0\x9f\x98\x80",
                                                                 "\xef\xbb\xbf",
                                                                 "\x7f",
                                                                 "\n"});
    const std::vector<std::string> methods_{"GET", "PUT", "HEAD", "DELETE", "POST"};
};

json::object described(const signing& s) {
    json::object query, headers;
    for (const auto& [name, value] : s.of.query) {
        auto& values = query[name];
        if (!values.is_array())
            values = json::array();
        values.get_array().push_back(json::value(value));
    }
    for (const auto& [name, value] : s.of.headers)
        headers[name] = value;
    return {
        {"keys", {{"id", s.keys.access_key_id}, {"secret", s.keys.secret_access_key}, {"token", s.keys.session_token}}},
        {"region", s.in.region},
        {"date", to_unix_ms(s.in.now)},
        {"method", s.of.method},
        {"key", s.key},
        {"query", std::move(query)},
        {"headers", std::move(headers)},
        {"payload", s.payload},
        {"expires", s.expires.count()}};
}

json::value said_by(const std::string& script, const json::array& asked) {
    std::string folder = std::filesystem::temp_directory_path() / "infra-sign-XXXXXX";
    if (!::mkdtemp(folder.data()))
        throw std::runtime_error("no temporary folder");
    std::ofstream(folder + "/asked.json") << json::to_text(asked);
    auto said = peer::output_of(script, "'" + folder + "/asked.json'");
    std::filesystem::remove_all(folder);
    return said;
}

/// Sorted, since the order in a URL is nobody's business.
fields pairs_of(const json::object& query) {
    fields pairs;
    for (const auto& [name, value] : query) {
        if (value.is_string())
            pairs.emplace_back(name, value.get_string());
        else
            for (const auto& each : value.as_array())
                pairs.emplace_back(name, each.as_string());
    }
    std::sort(pairs.begin(), pairs.end());
    return pairs;
}

TEST(SmithySigner, SignsTenThousandRandomRequestsAndUrlsTheSame) {
    if (const auto why = peer::missing("@smithy/signature-v4"); !why.empty())
        GTEST_SKIP() << why;
    constexpr int count = 10'000;
    lots draw;
    std::vector<signing> all;
    json::array asked;
    for (int i = 0; i < count; ++i) {
        all.push_back(draw.next());
        asked.push_back(described(all.back()));
    }
    const auto said = said_by("sign.mjs", asked);
    ASSERT_EQ(said.as_array().size(), all.size());
    for (std::size_t i = 0; i < all.size() && !HasFailure(); ++i) {
        SCOPED_TRACE(json::to_text(asked[i]));
        const auto& s = all[i];
        EXPECT_EQ(sign(s.of, s.payload, s.keys, s.in).back().second, said.at(i).at("authorization").as_string());
        auto query = decoded(presign(s.of, s.expires, s.keys, s.in));
        std::sort(query.begin(), query.end());
        EXPECT_EQ(query, pairs_of(said.at(i).at("query").as_object()));
    }
}

struct form {
    std::string name;
    post_policy policy;
    std::string key, conditions, fields;
    std::string token{};
};

const std::vector<form> forms = {
    {"one key", {.key = "in/a b.jpg", .max_size = 5}, "in/a b.jpg", R"([["content-length-range",0,5]])", "{}"},
    {"any key",
     {.min_size = 1, .max_size = 5'000'000'000},
     "${filename}",
     R"([["content-length-range",1,5000000000]])",
     "{}"},
    {"keys that begin so",
     {.key_prefix = "in/\xc3\xbc/", .max_size = 5, .content_type_prefix = "image/"},
     "in/\xc3\xbc/${filename}",
     R"([["content-length-range",0,5],["starts-with","$Content-Type","image/"]])",
     "{}"},
    {"further fields",
     {.key = "a", .max_size = 5, .content_type = "text/plain", .fields = {{"x-amz-meta-u", "7"}, {"acl", "private"}}},
     "a",
     R"([["content-length-range",0,5]])",
     R"({"Content-Type":"text/plain","x-amz-meta-u":"7","acl":"private"})",
     "token/+="},
};

json::array sorted(const json::value& conditions) {
    std::vector<std::string> texts;
    for (const auto& each : conditions.as_array())
        texts.push_back(json::to_text(each));
    std::sort(texts.begin(), texts.end());
    return json::array(texts.begin(), texts.end());
}

json::object document_in(const std::string& policy) {
    auto document = json::parse(encoding::base64_decode(policy).value()).value().as_object();
    document["conditions"] = sorted(document["conditions"]);
    return document;
}

TEST(PresignedPost, MakesTheSameFormsAsTheSdk) {
    if (const auto why = peer::missing("@aws-sdk/s3-presigned-post"); !why.empty())
        GTEST_SKIP() << why;
    const scope in{.region = "eu-central-1", .now = wall_time(20'454 * 24h + 12h + 34min + 56s + 789ms)};
    json::array asked;
    for (const auto& f : forms)
        asked.push_back({{"keys", {{"id", "AKID"}, {"secret", "geheim"}, {"token", f.token}}},
                         {"region", in.region},
                         {"date", to_unix_ms(in.now)},
                         {"bucket", "photos"},
                         {"key", f.key},
                         {"conditions", json::parse(f.conditions).value()},
                         {"fields", json::parse(f.fields).value()},
                         {"expires", 600}});
    const auto said = said_by("post.mjs", asked);
    for (std::size_t i = 0; i < forms.size(); ++i) {
        SCOPED_TRACE(forms[i].name);
        const credentials keys{.access_key_id = "AKID", .secret_access_key = "geheim", .session_token = forms[i].token};
        auto ours = form_fields(forms[i].policy, "photos", 600s, keys, in);
        std::map<std::string, std::string> theirs;
        for (const auto& [name, value] : said.at(i).as_object())
            theirs[name] = value.as_string();
        EXPECT_EQ(document_in(ours.at("Policy")), document_in(theirs.at("Policy")));
        // Each signs its own text of the same document.
        const fields posted(theirs.begin(), theirs.end());
        const auto secret = [](std::string_view) { return std::optional<std::string>("geheim"); };
        EXPECT_EQ(check_form(posted, secret, in), verdict::good);
        for (const char* const name : {"Policy", "X-Amz-Signature"})
            ours.erase(name), theirs.erase(name);
        EXPECT_EQ(ours, theirs);
    }
}

} // namespace
} // namespace infra::storage::sigv4
