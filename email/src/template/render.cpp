#include <infra/email/template.hpp>

#include "../bidi.hpp"
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
    std::vector<std::string> unknown; ///< tags that are no places
};

compiled compile(const email_template& t) {
    const auto where = described(t);
    const auto subject = mark_places(t.subject, where), preheader = mark_places(t.preheader, where),
               body = mark_places(t.body, where);
    compiled made{
        unmark(subject.text, subject.marks), unmark(preheader.text, preheader.marks), parse_markdown(body), {}};
    for (const auto& of : {subject.unknown, preheader.unknown, body.unknown, unknown_layout_tags(t.layout_html)})
        made.unknown.insert(made.unknown.end(), of.begin(), of.end());
    return made;
}

/// Names for a sentence, each once, in the order of the text.
class list_of_names {
public:
    void add(const std::string& name) {
        if (std::ranges::find(names_, name) == names_.end())
            names_.push_back(name);
    }
    bool empty() const noexcept { return names_.empty(); }
    std::string joined() const {
        std::string all;
        for (const auto& each : names_)
            all.append(all.empty() ? "" : ", ").append(each);
        return all;
    }

private:
    std::vector<std::string> names_;
};

list_of_names missing_values(const compiled& c, const json::object& data) {
    list_of_names missing;
    const auto note = [&](const parts& of) {
        for (const auto& each : of)
            if (each.is_place() && !value_of(data, each.name))
                missing.add(each.name);
    };
    note(c.subject);
    note(c.preheader);
    for (const auto& each : c.body.html)
        note(each.content);
    return missing;
}

void refuse_gaps(const email_template& t, const compiled& c, const json::object& data) {
    const auto missing = missing_values(c, data);
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

// Subject and preheader are plain text: nothing to escape.
std::string fill_plain(const parts& content, const lookup& values) {
    std::string made;
    for (const auto& each : content) {
        const auto found = each.is_place() ? values(each.name) : std::nullopt;
        made += found ? with_directions_ended(*found) : each.text;
    }
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
        refuse_gaps(from, parsed, data);
    return rendered(from, parsed, [&data](std::string_view name) { return value_of(data, name); });
}

rendered_email render_body(std::string subject, std::string_view markdown) {
    const compiled parsed{
        {part{.text = std::move(subject)}}, {}, parse_markdown(without_places(encoding::to_utf8(markdown))), {}};
    return rendered({}, parsed, [](std::string_view) { return std::nullopt; });
}

} // namespace infra::email
