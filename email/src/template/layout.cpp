#include "layout.hpp"

#include "document.hpp"

#include <infra/email/error.hpp>

namespace infra::email {
namespace {

constexpr std::string_view head_begin = R"(
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>)";

// The only <style>: what cannot stand inline. Readers that drop it show the light colours.
constexpr std::string_view head_end = R"(</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page, .sheet { background: #1b1c1e !important; color: #e6e7e9 !important; }
  a { color: #8ab4f8 !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#ffffff;color:#1f2328">
)";

constexpr std::string_view sheet_begin =
    R"(<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td align="center" style="padding:24px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px">
<tr><td class="sheet" align="left" style="background:#ffffff;color:#1f2328;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:16px">
)";

constexpr std::string_view sheet_end = R"(</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
)";

// Hidden in every way that some reader needs, and followed by invisible characters, so that the reader does not go on
// with the first words of the mail.
std::string hidden(std::string_view preheader) {
    if (preheader.empty())
        return {};
    std::string made = R"(<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;)"
                       R"(overflow:hidden;mso-hide:all">)";
    made += escape_html(preheader);
    for (int i = 0; i < 60; ++i)
        made += "&#847;&zwnj;&nbsp;";
    return made + "</div>\n";
}

} // namespace

std::string built_in_layout(const layout_values& v) {
    std::string html;
    html.append("<!DOCTYPE html>\n<html");
    if (!v.language.empty())
        html.append(" lang=\"").append(escape_html(v.language)).append("\"");
    html.append(">").append(head_begin).append(escape_html(v.subject)).append(head_end).append(hidden(v.preheader));
    return html.append(sheet_begin).append(v.content).append(sheet_end);
}

std::string custom_layout(std::string_view html, const std::string& name, const layout_values& v) {
    std::string made;
    int contents = 0;
    while (!html.empty()) {
        const auto next = std::min(html.find("{{"), html.size());
        made.append(html.substr(0, next));
        html.remove_prefix(next);
        const auto take = [&](std::string_view place, std::string_view value) {
            if (!html.starts_with(place))
                return false;
            made.append(value);
            html.remove_prefix(place.size());
            return true;
        };
        if (take("{{content}}", v.content))
            ++contents;
        else if (!html.empty() && !take("{{subject}}", escape_html(v.subject)) &&
                 !take("{{preheader}}", hidden(v.preheader)))
            take("{{", "{{");
    }
    if (contents != 1)
        throw error(errc::bad_template, "the layout " + name + ": it must hold {{content}} exactly once");
    return made;
}

std::vector<std::string> unknown_layout_tags(std::string_view html) {
    std::vector<std::string> found;
    for (auto begin = html.find("{{"); begin != std::string_view::npos; begin = html.find("{{", begin + 2)) {
        const auto end = html.find("}}", begin);
        const auto tag = end == std::string_view::npos ? std::string_view() : html.substr(begin, end + 2 - begin);
        if (!tag.empty() && tag != "{{content}}" && tag != "{{subject}}" && tag != "{{preheader}}")
            found.emplace_back(tag);
    }
    return found;
}

} // namespace infra::email
