#include <infra/email/template.hpp>

#include "document.hpp"
#include "layout.hpp"
#include "template_text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>

#include <algorithm>
#include <vector>

namespace infra::email {
namespace {

/// A template, parsed: what rendering needs again and again.
struct compiled {
    parts subject;
    parts preheader;
    document body;
};

compiled compile(const email_template& t) {
    const auto where = described(t);
    return {find_places(t.subject, where), find_places(t.preheader, where), parse_markdown(mark_places(t.body, where))};
}

void note_missing(std::vector<std::string>& missing, const parts& of, const json::object& data) {
    for (const auto& each : of)
        if (each.is_place() && !value_of(data, each.name) && std::ranges::find(missing, each.name) == missing.end())
            missing.push_back(each.name);
}

void refuse_missing(const email_template& t, const compiled& c, const json::object& data) {
    std::vector<std::string> missing;
    note_missing(missing, c.subject, data);
    note_missing(missing, c.preheader, data);
    for (const auto& each : c.body.html)
        note_missing(missing, each.content, data);
    if (missing.empty())
        return;
    auto sentence = described(t) + ": no value for ";
    for (std::size_t i = 0; i < missing.size(); ++i)
        sentence.append(i == 0 ? "" : ", ").append(missing[i]);
    throw error(errc::missing_variable, sentence);
}

// Subject and preheader are plain text: nothing to escape.
std::string fill_plain(const parts& content, const lookup& values) {
    std::string made;
    for (const auto& each : content)
        made += each.is_place() ? values(each.name).value_or(each.text) : each.text;
    return made;
}

rendered_email rendered(const email_template& t, const compiled& c, const lookup& values) {
    rendered_email mail{.subject = fill_plain(c.subject, values),
                        .preheader = fill_plain(c.preheader, values),
                        .text = fill(c.body.text, values)};
    const auto content = fill(c.body.html, values);
    const layout_values around{mail.subject, mail.preheader, content, t.locale};
    mail.html = t.layout_html.empty() ? built_in_layout(around) : custom_layout(t.layout_html, t.layout, around);
    if (!t.from.empty())
        mail.from = address(t.from);
    return mail;
}

} // namespace

rendered_email render_template(const email_template& from, const json::object& data, render_options options) {
    const auto parsed = compile(from);
    if (options.strict)
        refuse_missing(from, parsed, data);
    return rendered(from, parsed, [&data](std::string_view name) { return value_of(data, name); });
}

rendered_email render_body(std::string subject, std::string_view markdown) {
    const compiled parsed{
        {part{.text = std::move(subject)}}, {}, parse_markdown(without_places(encoding::to_utf8(markdown)))};
    return rendered({}, parsed, [](std::string_view) { return std::nullopt; });
}

} // namespace infra::email
