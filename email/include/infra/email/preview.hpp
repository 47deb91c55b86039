#pragma once

/// Pages that show the templates of a directory as mail readers will: html at the widths of a phone and a desktop, light and dark, the
/// text part, the subject beside others in an inbox, what is missing, and all of it again whenever a file changes.
///
///     http::router routes;
///     email::add_preview(routes, {.directory = "emails"});
///     http::server server(routes, {.port = 8025});
///     infra::wait(server.run());                              // http://127.0.0.1:8025/
///
/// A template is shown with the data in the file beside it: `emails/welcome.json` for `emails/welcome.md` (templates.hpp).
///
/// Target infra::email_preview.

#include <infra/base/clock.hpp>
#include <infra/http_server/router.hpp>
#include <infra/runtime/blocking_pool.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace infra::email {

struct preview_options {
    /// Of the templates, as mailer_options::templates.
    std::string directory = "emails";

    /// Whom the pages answer: names that may stand in a request's Host, without port. Any page of the web could have the names
    /// of its own server lead to this one and read what it says. Empty: all, for routes whose guards look after it.
    std::vector<std::string> hosts{"localhost", "127.0.0.1", "[::1]"};

    /// Pages that wait for a change at once, each for 25 s at most; one more asks again later. At least 1.
    std::size_t max_waiting = 32;

    /// Where templates are read and rendered; null means default_blocking_pool(). Outlives the router.
    blocking_pool* pool = nullptr;

    /// Outlives the router.
    clock* time = &real_clock();
};

/// Adds the routes `/`, `/template`, `/html`, `/changes`, `/style.css` and `/live.js`, all for GET, to `to`, which may be a group.
///
/// The pages load nothing from elsewhere and run no script but live.js; a mail is shown in a frame without scripts, forms and
/// names of other windows, and with images of the web only where `images=on` is asked for. Names of templates and
/// locales are those that the mailer takes, and lead nowhere out of the directory.
///
/// Throws std::invalid_argument for a bad option.
void add_preview(http::router& to, preview_options options = {});

} // namespace infra::email
