#include "compiled.hpp"

#include "layout.hpp"
#include "template_text.hpp"

#include <utility>

namespace infra::email {
namespace {

steps plain_steps(const marked_text& text) {
    step_list made;
    for (const auto& each : unmark(text.text, text.marks))
        each.is_literal() ? made.literal(each.text) : made.tag(each);
    return std::move(made).take();
}

std::size_t size_of_steps(const steps& all) noexcept {
    std::size_t size = 0;
    for (const auto& each : all)
        size += each.text.size() + each.closing.size() + size_of_steps(each.inside);
    return size;
}

// The text alone: what else an email_template holds is not compiled.
email_template text_alone(const email_template& t) {
    return {.subject = t.subject,
            .preheader = t.preheader,
            .from = t.from,
            .layout = t.layout,
            .body = t.body,
            .layout_html = t.layout_html};
}

} // namespace

compiled_template::compiled_template(const email_template& t, std::size_t first_line) : source_(text_alone(t)) {
    const auto where = described(t);
    const auto of_subject = mark_plain(t.subject, where), of_preheader = mark_plain(t.preheader, where),
               of_body = mark_places(t.body, where, first_line);
    subject = plain_steps(of_subject);
    preheader = plain_steps(of_preheader);
    auto body = parse_markdown(of_body, where);
    html = t.layout_html.empty() ? in_built_in_layout(std::move(body.html))
                                 : in_custom_layout(t.layout_html, t.layout, std::move(body.html));
    text = std::move(body.text);
    if (!t.from.empty())
        from = address(t.from);
    for (const auto& of :
         {of_subject.unknown, of_preheader.unknown, of_body.unknown, unknown_layout_tags(t.layout_html)})
        unknown.insert(unknown.end(), of.begin(), of.end());
    html_size = size_of_steps(html);
    text_size = size_of_steps(text);
}

compiled_template::compiled_template(std::string subject_text, const marked_text& markdown)
    : subject{{.kind = step_kind::literal, .text = std::move(subject_text)}} {
    auto body = parse_markdown(markdown, "the body");
    html = in_built_in_layout(std::move(body.html));
    text = std::move(body.text);
    html_size = size_of_steps(html);
    text_size = size_of_steps(text);
}

bool compiled_template::is_of(const email_template& t) const noexcept {
    return t.body == source_.body && t.subject == source_.subject && t.preheader == source_.preheader &&
           t.from == source_.from && t.layout == source_.layout && t.layout_html == source_.layout_html;
}

std::shared_ptr<const compiled_template> compiled(const email_template& t) {
    if (t.compiled && t.compiled->is_of(t))
        return t.compiled;
    return std::make_shared<const compiled_template>(t);
}

} // namespace infra::email
