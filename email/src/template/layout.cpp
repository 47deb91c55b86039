#include "layout.hpp"

#include "document.hpp"

#include <infra/email/error.hpp>

#include <utility>

namespace infra::email {
namespace {

constexpr std::string_view head_begin = R"(>
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

// Hidden in every way that some reader needs.
constexpr std::string_view hidden_begin =
    R"(<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;)"
    R"(overflow:hidden;mso-hide:all">)";

// Invisible characters, so that the reader does not go on with the first words of the mail.
const std::string& hidden_end() {
    static const std::string made = [] {
        std::string text;
        for (int i = 0; i < 60; ++i)
            text += "&#847;&zwnj;&nbsp;";
        return text + "</div>\n";
    }();
    return made;
}

enum class slot { none, subject, preheader, content };

slot slot_of(std::string_view tag) noexcept {
    if (tag == "{{content}}")
        return slot::content;
    if (tag == "{{subject}}")
        return slot::subject;
    return tag == "{{preheader}}" ? slot::preheader : slot::none;
}

// What begins with `{{` up to `}}`; empty if that is missing.
std::string_view tag_at(std::string_view html) noexcept {
    const auto end = html.find("}}");
    return end == std::string_view::npos ? std::string_view() : html.substr(0, end + 2);
}

} // namespace

steps in_built_in_layout(steps content) {
    step_list page;
    page.literal("<!DOCTYPE html>\n<html");
    page.add({step_kind::language});
    page.literal(head_begin);
    page.add({step_kind::subject});
    page.literal(head_end);
    page.add({step_kind::preheader});
    page.literal(sheet_begin);
    page.append(std::move(content));
    page.literal(sheet_end);
    return std::move(page).take();
}

steps in_custom_layout(std::string_view html, const std::string& name, steps content) {
    step_list page;
    int contents = 0;
    while (!html.empty()) {
        const auto place = html.starts_with("{{") ? slot_of(tag_at(html)) : slot::none;
        const auto text = place == slot::none ? html.substr(0, html.find("{{", 1)) : tag_at(html);
        html.remove_prefix(text.size());
        switch (place) {
        case slot::none: page.literal(text); break;
        case slot::subject: page.add({step_kind::subject}); break;
        case slot::preheader: page.add({step_kind::preheader}); break;
        case slot::content: page.append(contents++ == 0 ? std::move(content) : steps{});
        }
    }
    if (contents != 1)
        throw error(errc::bad_template, "the layout " + name + ": it must hold {{content}} exactly once");
    return std::move(page).take();
}

std::vector<std::string> unknown_layout_tags(std::string_view html) {
    std::vector<std::string> found;
    for (auto begin = html.find("{{"); begin != std::string_view::npos; begin = html.find("{{", begin + 2)) {
        const auto tag = tag_at(html.substr(begin));
        if (!tag.empty() && slot_of(tag) == slot::none)
            found.emplace_back(tag);
    }
    return found;
}

std::size_t hidden_size(std::string_view preheader) {
    return preheader.empty() ? 0 : hidden_begin.size() + preheader.size() + hidden_end().size();
}

void append_preheader(std::string& to, std::string_view preheader) {
    if (preheader.empty())
        return;
    to += hidden_begin;
    append_escaped(to, preheader);
    to += hidden_end();
}

} // namespace infra::email
