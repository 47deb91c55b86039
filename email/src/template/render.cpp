#include <infra/email/template.hpp>

#include "compiled.hpp"
#include "follower.hpp"
#include "layout.hpp"
#include "names.hpp"
#include "template_text.hpp"

#include <infra/base/encoding.hpp>

#include <utility>

namespace infra::email {
namespace {

// Subject and preheader: text in which nothing is to be escaped.
class plain_writer : public follower<plain_writer> {
public:
    void literal(std::string_view text) { made += text; }
    void value(std::string_view text) { made += text; }
    void target(std::string_view) {}
    void other(const step&, const scope&) {}

    std::string made;
};

std::string plain(const steps& of, const scope& values) {
    plain_writer to;
    to.follow(of, values);
    return std::move(to.made);
}

rendered_email rendered(const compiled_template& c, std::string_view locale, const scope& values) {
    rendered_email mail{.subject = plain(c.subject, values), .preheader = plain(c.preheader, values), .from = c.from};
    mail.html.reserve(c.html_size + mail.subject.size() + hidden_size(mail.preheader) + 256); // values
    write_html(mail.html, c.html, {mail.subject, mail.preheader, locale}, values);
    mail.text.reserve(c.text_size + 256); // … and line ends
    write_text(mail.text, c.text, values);
    return mail;
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
