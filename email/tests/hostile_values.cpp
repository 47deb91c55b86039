#include "hostile_values.hpp"

#include <cstdlib>
#include <iterator>
#include <random>
#include <string_view>

namespace infra::email {
namespace {

std::vector<std::string> written_values() {
    return {
        "",
        " ",
        "Ann",
        "<b>bold</b>",
        "<script>alert(1)</script>",
        "</p></td></table><a href=https://evil.example>x</a>",
        "<!--",
        "--> <img src=x onerror=alert(1)>",
        "]]><![CDATA[",
        "<?php ?>",
        "\"><a href=\"https://evil.example\">x</a>",
        "\" onmouseover=\"alert(1)",
        "' onmouseover='alert(1)",
        "`` ` ``` x",
        "[click](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "<https://evil.example>",
        "**bold** _em_ ~~gone~~",
        "# heading",
        "\n\n# heading\n\n- item\n\n> quote\n\n---\n\n    code\n",
        "\r\n\r\nnext",
        "| a | b |\n|---|---|\n| c | d |",
        "\\",
        "\\*x\\*",
        "&lt;b&gt; &amp; &#60;b&#62; &quot;",
        "&",
        "{{other}} {{name}} \\{{",
        "}}",
        "{{content}} {{subject}} {{preheader}}",
        "javascript:alert(1)",
        " java\tscript:alert(1)",
        "https://evil.example",
        "//evil.example",
        "\\\\evil.example",
        "@evil.example",
        ".evil.example",
        ":8080",
        "?a=b&c=d#e",
        "#x",
        "&extra=1",
        ";extra=1",
        "%2e%2e%2f %00 %zz %",
        "a/b/c",
        "a@x.org,b@x.org?bcc=c@x.org",
        "x) [y](https://evil.example",
        "x\" title=\"y",
        "x 'y' (z)",
        std::string("\0 \x01\x08\x0b\x1b[31m\x7f", 10),
        "\xff\xfe\xc3 \xed\xa0\x80 \xf4\x90\x80\x80",
        "\xee\x80\x80"
        "0\xee\x80\x81 \xee\x80\x80"
        "7\xee\x80\x81 \xee\x80\x80 \xee\x80\x81",
        "\xef\xb7\x90"
        "0\xef\xb7\x91 \xef\xbb\xbf \xef\xbf\xbe",
        "\xe2\x80\xae"
        "gnirts \xe2\x80\xa8 \xe2\x80\xa9 \xc2\x85",
        std::string(5000, '<'),
        std::string(2000, '['),
        std::string(300, '\n'),
    };
}

// Pieces of them in any order.
std::string shuffled_value(std::mt19937_64& lots) {
    static constexpr std::string_view pieces[] = {"<",
                                                  ">",
                                                  "\"",
                                                  "'",
                                                  "&",
                                                  "=",
                                                  "`",
                                                  "*",
                                                  "_",
                                                  "[",
                                                  "]",
                                                  "(",
                                                  ")",
                                                  "!",
                                                  "#",
                                                  "\n",
                                                  "\r",
                                                  " ",
                                                  "\t",
                                                  "\\",
                                                  "/",
                                                  "//",
                                                  ":",
                                                  "?",
                                                  "@",
                                                  ";",
                                                  ",",
                                                  "{{",
                                                  "}}",
                                                  "|",
                                                  "---",
                                                  "<!--",
                                                  "-->",
                                                  "</a>",
                                                  "<a href=",
                                                  "javascript:",
                                                  "https://e.example",
                                                  "\xee\x80\x80",
                                                  "\xee\x80\x81",
                                                  "0",
                                                  "7",
                                                  "a",
                                                  "%",
                                                  "%3c",
                                                  "&lt;",
                                                  "\xc3\xa9",
                                                  "\xff",
                                                  "\x1b",
                                                  ".",
                                                  "..",
                                                  "<script>",
                                                  "</title>",
                                                  "</style>",
                                                  "data:",
                                                  "mailto:",
                                                  "~",
                                                  "+",
                                                  "\xe2\x80\x8b"};
    std::string value;
    for (auto n = lots() % 12; n > 0; --n)
        value += pieces[lots() % std::size(pieces)];
    if (value.find_first_not_of('.') == std::string::npos) // a target that only dots would lead up from leads nowhere
        value += "x";
    return value;
}

} // namespace

std::vector<std::string> hostile_values() {
    auto all = written_values();
    std::mt19937_64 lots(7); // the same ones in every run
    const int shuffled = std::getenv("INFRA_TEST_LONG") ? 3000 : 150;
    for (int i = 0; i < shuffled; ++i)
        all.push_back(shuffled_value(lots));
    return all;
}

} // namespace infra::email
