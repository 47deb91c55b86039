// Where a link leads is the template's to say: a value is a whole target or a host only where nothing can go wrong with it.

#include <infra/email/template.hpp>

#include <gtest/gtest.h>

#include <string>

namespace infra::email {
namespace {

// Where the only link of a mail leads.
std::string target_of(std::string_view markdown, const std::string& value) {
    const auto page = render_template(parse_template(markdown), {{"v", value}}).html;
    const auto begin = page.find("<a href=\"");
    return begin == page.npos ? "(no link)" : page.substr(begin + 9, page.find('"', begin + 9) - begin - 9);
}

TEST(Injection, LetsAValueBeAWholeTargetOnlyWithASchemeThatIsHarmless) {
    for (const std::string_view good : {"https://shop.example/x?a=1#b", "http://shop.example", "mailto:ann@example.org",
                                        "tel:+4930123", "HTTPS://SHOP.EXAMPLE/"})
        EXPECT_EQ(target_of("[x]({{v}})", std::string(good)), good);
    for (const std::string bad :
         {"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
          "\x01javascript:alert(1)", "vbscript:x", "data:text/html,<script>alert(1)</script>", "file:///etc/passwd",
          "ftp://x.example", "//evil.example", "\\\\evil.example", "/path", "evil.example", "", "x:y",
          "&#106;avascript:alert(1)", "javascript&colon;alert(1)", "%6aavascript:alert(1)"}) {
        EXPECT_EQ(target_of("[x]({{v}})", bad), "") << bad;
        EXPECT_EQ(target_of("[x]({{v}}/more)", bad), "") << bad;
    }
}

TEST(Injection, LetsAValueBeAHostOnlyWhereItIsTheWholeOfIt) {
    EXPECT_EQ(target_of("[x](https://{{v}}/a)", "eu.shop.example:8443"), "https://eu.shop.example:8443/a");
    EXPECT_EQ(target_of("[x](https://{{v}}.shop.example/a)", "eu"), "https://eu.shop.example/a");
    for (const std::string bad : {"evil.example/", "evil.example#", "evil.example?", "a@evil.example", "evil.example\\",
                                  "a b", "", "a%2fb", "evil.example:80/x"}) {
        EXPECT_EQ(target_of("[x](https://{{v}}/a)", bad), "") << bad;
        EXPECT_EQ(target_of("[x](https://{{v}}.shop.example/a)", bad), "") << bad;
        EXPECT_EQ(target_of("[x](https://shop.example{{v}})", bad), "") << bad;
    }
    EXPECT_EQ(target_of("[x](https://shop.example{{v}})", ".evil.example"), "");
    EXPECT_EQ(target_of("[x](https://shop.example{{v}})", ":x@evil.example"), "");
}

} // namespace
} // namespace infra::email
