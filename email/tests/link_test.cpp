#include "src/template/link.hpp"

#include <gtest/gtest.h>

namespace infra::email {
namespace {

std::string target_of(const std::string& written, const std::string& value) {
    return fill_target(find_places(written, "test"), [&](std::string_view name) {
        return name == "v" ? std::optional<std::string_view>(value) : std::nullopt;
    });
}

struct rule {
    std::string written, value, target;
};

TEST(Link, EncodesAValueAsOneComponent) {
    const rule table[] = {
        {"https://x.org/{{v}}", "a/b?c#d&e=f", "https://x.org/a%2Fb%3Fc%23d%26e%3Df"},
        {"https://x.org/?q={{v}}&z=1", "a&admin=1", "https://x.org/?q=a%26admin%3D1&z=1"},
        {"https://x.org/?q={{v}}", "\"><script>", "https://x.org/?q=%22%3E%3Cscript%3E"},
        {"https://x.org/?q={{v}}", "ü \r\n", "https://x.org/?q=%C3%BC%20%0D%0A"},
        {"/path/{{v}}", "javascript:x", "/path/javascript%3Ax"},
        {"mailto:{{v}}", "ann+tag@example.org", "mailto:ann%2Btag@example.org"},
        {"mailto:{{v}}", "a@b.c?bcc=evil@x.y", "mailto:a@b.c%3Fbcc%3Devil@x.y"},
        {"mailto:a@b.c?subject={{v}}", "x&bcc=evil@x.y", "mailto:a@b.c?subject=x%26bcc%3Devil%40x.y"},
        {"tel:{{v}}", "+49 30", "tel:+49%2030"},
    };
    for (const auto& [written, value, target] : table)
        EXPECT_EQ(target_of(written, value), target) << written << " with " << value;
}

TEST(Link, LetsAValueBeTheWholeTargetUnderKnownSchemesOnly) {
    const rule table[] = {
        {"{{v}}", "https://x.org/a?b=c&d#e", "https://x.org/a?b=c&d#e"},
        {"{{v}}", " HTTPS://X.org/ ", "HTTPS://X.org/"},
        {"{{v}}", "mailto:a@b.c", "mailto:a@b.c"},
        {"{{v}}", "https://x.org/\"onclick=", "https://x.org/%22onclick="},
        {"{{v}}/reset", "https://x.org", "https://x.org/reset"},
        {"{{v}}", "javascript:alert(1)", ""},
        {"{{v}}", "java\nscript:alert(1)", ""},
        {"{{v}}", "\x01javascript:alert(1)", ""},
        {"{{v}}", "data:text/html,x", ""},
        {"{{v}}", "//evil.org", ""},
        {"{{v}}", "/relative", ""},
        {"{{v}}", "", ""},
    };
    for (const auto& [written, value, target] : table)
        EXPECT_EQ(target_of(written, value), target) << written << " with " << value;
}

TEST(Link, KeepsAValueFromChoosingTheHost) {
    const rule table[] = {
        {"https://{{v}}.x.org/", "shop", "https://shop.x.org/"},
        {"https://{{v}}.x.org/", "evil.org/", ""},
        {"https://{{v}}.x.org/", "a.b", ""},
        {"https://x.org{{v}}", ".evil.org", ""},
        {"https://x.org{{v}}", "@evil.org", ""},
        {"https://x.org{{v}}", ":8080", ""},
        {"https://x.org:{{v}}/", "8080", "https://x.org:8080/"},
        {"https://user{{v}}", "@evil.org", ""},
        {"https://{{v}}/path", "shop.example.org:8443", "https://shop.example.org:8443/path"},
        {"https://{{v}}", "x.org", "https://x.org"},
        {"https://{{v}}/", "a@evil.org", ""},
        {"https://{{v}}/", "", ""},
    };
    for (const auto& [written, value, target] : table)
        EXPECT_EQ(target_of(written, value), target) << written << " with " << value;
}

TEST(Link, KeepsAValueFromCompletingAScheme) {
    const rule table[] = {
        {"java{{v}}:alert(1)", "script", ""},
        {"my{{v}}://open", "app", "myapp://open"},
    };
    for (const auto& [written, value, target] : table)
        EXPECT_EQ(target_of(written, value), target) << written << " with " << value;
}

TEST(Link, KeepsAValueFromWalkingUpThePath) {
    const rule table[] = {
        {"https://x.org/users/{{v}}/avatar", "..", ""},
        {"https://x.org/users/{{v}}/avatar", ".", ""},
        {"https://x.org/users/.{{v}}/avatar", ".", ""},
        {"https://x.org/users/{{v}}/avatar", "%2e%2e", "https://x.org/users/%252e%252e/avatar"},
        {"https://x.org/users/{{v}}/avatar", "a..b", "https://x.org/users/a..b/avatar"},
        {"https://x.org/users/{{v}}", "", "https://x.org/users/"},
        {"https://x.org/users?q={{v}}", "..", "https://x.org/users?q=.."},
    };
    for (const auto& [written, value, target] : table)
        EXPECT_EQ(target_of(written, value), target) << written << " with " << value;
}

TEST(Link, LeavesAPlaceWithoutValueRecognisable) {
    EXPECT_EQ(target_of("https://x.org/{{none}}", ""), "https://x.org/%7B%7Bnone%7D%7D");
    EXPECT_EQ(target_of("{{none}}", ""), "%7B%7Bnone%7D%7D");
}

TEST(Link, ForbidsSchemesThatRunOrRead) {
    for (const auto* bad : {"javascript:x", "JavaScript:x", " javascript:x", "java\tscript:x", "vbscript:x",
                            "file:///etc/passwd", "data:text/html,x"})
        EXPECT_TRUE(is_forbidden_target({{.text = bad}}, target_kind::link)) << bad;
    for (const auto* good : {"https://x.org", "mailto:a@b.c", "/relative", "#part", "myapp://open", "javascripts/x"})
        EXPECT_FALSE(is_forbidden_target({{.text = good}}, target_kind::link)) << good;
    EXPECT_FALSE(is_forbidden_target({{.text = "data:image/png;base64,AA"}}, target_kind::image));
    EXPECT_TRUE(is_forbidden_target({{.text = "data:image/svg+xml;base64,AA"}}, target_kind::image));
    EXPECT_TRUE(is_forbidden_target({{.text = "data:image/png;base64,AA"}}, target_kind::link));
    EXPECT_TRUE(is_forbidden_target(find_places("javascript:{{v}}", ""), target_kind::link));
}

} // namespace
} // namespace infra::email
