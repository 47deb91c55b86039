#pragma once

/// Templates: Markdown with front matter and places for values.
///
///     ---
///     subject: Welcome to {{app_name}}, {{name}}!
///     preheader: Your account is ready.
///     from: Shop <hello@shop.example>
///     ---
///     Hi {{name}}, [sign in](https://shop.example/login?as={{email}}).
///
///     auto mail = render_template(t, {{"name", "Ann"}, {"app_name", "Shop"}, {"email", "ann@example.org"}});
///
/// The front matter lies between two lines `---` at the very beginning; of it `subject`, `preheader`, `from` and `layout`
/// are read, each given once at most; the rest is left to others. A value may stand in quotes. Without front matter the whole text is the body
/// and the subject is "(No subject)".
///
/// A place is `{{name}}` or `{{user.name}}`; `\{{` is two braces. Whatever stands there, `name` being letters, digits
/// and `_`, becomes text of the document as it was parsed: `**{{name}}**` is bold and nothing in the name changes that.
/// In the target of a link a value is percent-encoded as one component; where the target begins with it, it must itself
/// begin with http:, https:, mailto: or tel:, otherwise the target is left empty.
///
/// Sections are mustache's: `{{#items}} … {{/items}}` stands once for each element of a list, and once for anything else that is
/// not false; `{{^items}} … {{/items}}` stands for what is false: absent, null, false, 0, "" or an empty list. Inside, names
/// are looked up in the element first, and `{{.}}` is the element. `{{! a comment }}` is left out. A section lies within one paragraph
/// or, its tags each with a line to itself, around whole ones, items of a list or rows of a table:
///
///     | Item | Price |
///     |------|------:|
///     {{#items}}
///     | {{name}} | {{price}} |
///     {{/items}}
///
/// The body is CommonMark with tables. Raw HTML is left out, links to javascript:, vbscript:, file: and data: are
/// emptied.

#include <infra/base/json.hpp>
#include <infra/email/address.hpp>

#include <boost/describe/members.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace infra::email {

/// What stands where nobody gave a subject, or a blank one: readers and filters take a mail without for spam.
inline constexpr std::string_view no_subject = "(No subject)";

struct compiled_template;

/// A template's text, taken apart and not yet rendered.
struct email_template {
    std::string name{};   ///< for messages: "welcome"
    std::string locale{}; ///< of the file that was found; empty for the one without
    std::string subject{no_subject};
    std::string preheader{}; ///< what mail readers show beside the subject
    std::string from{};      ///< an address, before EMAIL_FROM
    std::string layout{};    ///< a name; the loader reads `layouts/<layout>.html`
    std::string body{};      ///< Markdown

    /// HTML with `{{content}}`, and perhaps `{{subject}}` and `{{preheader}}`, put around the body; empty means the one
    /// built in.
    std::string layout_html{};

    /// What parse_template and load_template made of the above, so that rendering need not parse it again. Whoever changes a
    /// field, or writes a template by hand, leaves it alone: it is then made anew at each rendering.
    std::shared_ptr<const compiled_template> compiled{};
};

/// What a template became. It is sent as it is, and never rendered again.
struct rendered_email {
    std::string subject{};
    std::string preheader{};
    std::string html{}; ///< a whole document, styles inline
    std::string text{}; ///< the same for readers of plain text
    std::optional<address> from{};
};

struct render_options {
    /// Places without a value, sections about a name that is nowhere, and tags that are none such as `{{#if paid}}`, are an error
    /// that lists them all. Otherwise they stay as they are written, and the section counts as false.
    bool strict = false;
};

/// Takes a template's text apart. `name` is for messages. Throws errc::bad_template for front matter, a section or `{{` that
/// is not closed, a section that takes half a paragraph, a field given twice, a `from` that is no address, and text that is
/// not UTF-8 or over 1 MiB; errc::too_large for Markdown that would become endless.
email_template parse_template(std::string_view text, std::string name = "template");

/// All names that places and sections of subject, preheader and body ask for, sorted, each once, paths as they are written
/// ("user.name"). Among them are names in sections, which may come from the section's element; `{{.}}` is none.
/// Throws as parse_template does, for what was not parsed before.
std::vector<std::string> names_in(const email_template& t);

/// Puts values in. A string is put in as it is, other JSON in its JSON spelling; null counts as absent.
/// Throws errc::bad_template for a layout without `{{content}}` and, in what was not parsed before, as parse_template does;
/// errc::too_large for data that repeat sections over a million times; under `strict` errc::missing_variable, or errc::bad_template where there are tags that no value would help.
rendered_email render_template(const email_template& from, const json::object& data, render_options options = {});

/// The same with a described struct for the data.
template <class T>
    requires boost::describe::has_describe_members<T>::value
rendered_email render_template(const email_template& from, const T& data, render_options options = {}) {
    return render_template(from, json::to_value(data).as_object(), options);
}

} // namespace infra::email
