// The examples of CommonMark's specification, through what we make of the tree: the same HTML, but for what safety leaves out.

#include "src/template/template_text.hpp"
#include "tests/peer.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace infra::email {
namespace {

/// The content of the built-in layout.
std::string content_of(const std::string& html) {
    const std::string before = "font-size:16px\">\n", after = "</td></tr>\n</table>\n</td></tr>";
    const auto begin = html.find(before) + before.size();
    return html.substr(begin, html.find(after, begin) - begin);
}

std::string replaced(std::string text, const char* what, const char* by) {
    return std::regex_replace(text, std::regex(what), by);
}

// How an HTML is spelled says nothing: line ends beside tags, the slash of empty elements, which characters are written as
// references, brackets in a query; and two things are ours in every mail: styles, and code that does not tell its language.
std::string plain(std::string html) {
    html = replaced(html, " style=\"[^\"]*\"", "");
    html = replaced(html, " class=\"language-[^\"]*\"", "");
    html = replaced(html, " />", ">");
    html = replaced(html, "&#39;", "'");
    html = replaced(replaced(html, "%5B", "["), "%5D", "]");
    return replaced(html, "\n*(<[^>]*>)\n*", "$1");
}

struct example {
    int number;
    std::string section, markdown, html;
};
BOOST_DESCRIBE_STRUCT(example, (), (number, section, markdown, html))

bool is_same(const example& e) { return plain(content_of(render_body("", e.markdown).html)) == plain(e.html); }

TEST(CommonMark, IsWhatTheSpecificationSaysButForWhatIsUnsafe) {
    if (const auto why = peer::missing("commonmark-spec"); !why.empty())
        GTEST_SKIP() << why;
    const std::set<int> changed{118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132,
                                133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147,
                                148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 170, 278,
                                279, 307, 317, 344, 474, 475, 476, 488, 491, 520, 532, 609, 610, 611, 612,
                                613, 619, 621, 624, 625, 626, 627, 628, 639, 640}; // raw HTML, left out
    const auto all = json::parse<std::vector<example>>(json::to_text(peer::output_of("commonmark.mjs")),
                                                       {.max_bytes = 1 << 20, .max_depth = 8});
    ASSERT_EQ(all->size(), 649u);
    for (const auto& each : *all)
        EXPECT_EQ(is_same(each), !changed.contains(each.number))
            << each.number << " (" << each.section << ")\n"
            << each.markdown << "---\n"
            << each.html << "---\n"
            << plain(content_of(render_body("", each.markdown).html));
}

} // namespace
} // namespace infra::email
