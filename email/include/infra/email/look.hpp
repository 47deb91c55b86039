#pragma once

/// A template with data, as mail readers will show it: what pages that show templates are made of (preview.hpp has such pages).
///
///     auto seen = email::look_at_template({.directory = "emails", .name = "welcome"});
///     if (seen.mail) show(seen.mail->subject, seen.mail->text); else show(seen.problem);
///     return email::mail_frame(seen.mail->html, {.dark = true});        // for an <iframe sandbox>
///
/// Target infra::email_preview.

#include <infra/base/json.hpp>
#include <infra/email/template.hpp>
#include <infra/http_server/response.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace infra::email {

struct look_request {
    std::string directory = "emails";
    std::string name{};
    std::string locale{};
    std::optional<json::object> data{}; ///< empty: the data beside the template (templates.hpp)
};

struct template_look {
    std::optional<rendered_email> mail{}; ///< nothing: `problem` says why
    std::string problem{};
    bool found = true;         ///< or there is no such template
    std::string gaps{};        ///< what `strict` would refuse
    std::string path{};        ///< of the template
    std::string layout{};      ///< its name; empty: the one built in
    std::string sample{};      ///< the data, spelled for people
    std::string sample_path{}; ///< empty: there is no such file, or data were given
};

/// Blocks on the disk. What is wrong with templates and data is told in it.
template_look look_at_template(const look_request& what);

/// Over this Gmail cuts a mail off.
inline constexpr std::size_t clipping_size = 102 * 1024;

struct frame_options {
    bool dark = false;   ///< as a reader with dark colours shows it
    bool images = false; ///< of the web: whoever sent them learns of it
};

/// What stands in a frame: with a policy that lets nothing of it run, and nothing of it load from elsewhere but what is said.
http::response mail_frame(std::string_view html, frame_options how = {});

} // namespace infra::email
