#include <infra/email/template.hpp>

#include "../bidi.hpp"
#include "compiled.hpp"
#include "template_text.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>

#include <utility>
#include <vector>

namespace infra::email {
namespace {

// Subject and preheader are plain text: nothing to escape.
void append_plain(std::string& to, const steps& of, const scope& values) {
    for (const auto& each : of) {
        if (each.kind == step_kind::literal)
            to += each.text;
        else if (each.kind == step_kind::value) {
            auto found = values.text(each.name);
            to += found ? with_directions_ended(std::move(*found)) : each.text;
        } else
            values.each(each.name, each.kind == step_kind::inverted,
                        [&](const scope& inner) { append_plain(to, each.inside, inner); });
    }
}

std::string plain(const steps& of, const scope& values) {
    std::string made;
    append_plain(made, of, values);
    return made;
}

void append_language(std::string& to, std::string_view locale) {
    if (locale.empty())
        return;
    to += " lang=\"";
    append_escaped(to, locale);
    to += '"';
}

std::string page(const compiled_template& c, const rendered_email& mail, std::string_view locale, const scope& values) {
    std::string html;
    html.reserve(c.html_size + mail.subject.size() + 2048); // values and the preheader's filler
    for (const auto& each : c.around) {
        switch (each.place) {
        case slot::none: html += each.text; break;
        case slot::subject: append_escaped(html, mail.subject); break;
        case slot::preheader: append_preheader(html, mail.preheader); break;
        case slot::content: write_html(html, c.body.html, values); break;
        case slot::language: append_language(html, locale); break;
        }
    }
    return html;
}

rendered_email rendered(const compiled_template& c, std::string_view locale, const scope& values) {
    rendered_email mail{.subject = plain(c.subject, values), .preheader = plain(c.preheader, values), .from = c.from};
    mail.html = page(c, mail, locale, values);
    mail.text.reserve(c.text_size + 256); // values and line ends
    write_text(mail.text, c.body.text, values);
    return mail;
}

void refuse_gaps(const email_template& t, const compiled_template& c, const list_of_names& missing) {
    list_of_names unknown;
    for (const auto& each : c.unknown)
        unknown.add(each);
    if (missing.empty() && unknown.empty())
        return;
    auto sentence = described(t) + ": " + (missing.empty() ? "" : "no value for " + missing.joined());
    if (!unknown.empty())
        sentence.append(missing.empty() ? "" : "; ")
            .append("not understood: " + unknown.joined() + "; write \\{{ for braces");
    throw error(unknown.empty() ? errc::missing_variable : errc::bad_template, sentence);
}

} // namespace

rendered_email render_template(const email_template& from, const json::object& data, render_options options) {
    const auto parsed = compiled(from);
    rendering seen;
    auto mail = rendered(*parsed, from.locale, scope(data, seen));
    if (options.strict)
        refuse_gaps(from, *parsed, seen.missing);
    return mail;
}

rendered_email render_body(std::string subject, std::string_view markdown) {
    const json::object data;
    rendering seen;
    return rendered(compiled_template(std::move(subject), without_places(encoding::to_utf8(markdown))), {},
                    scope(data, seen));
}

} // namespace infra::email
