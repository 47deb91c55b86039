#pragma once

// `infra email`, a file for each kind of verb.

#include "frame.hpp"

#include <infra/base/json.hpp>
#include <infra/email/mailer.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace infra::cli {

/// Thrown for what is not there, where no error of the library says so.
struct not_there : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The word `email`, on which the verbs hang.
struct email_group {
    frame& to;
    CLI::App& app;

    /// What `act` throws is told, and becomes an exit code.
    CLI::App& add(verb v, std::function<exit_code(const output&)> act, CLI::App* parent = nullptr) const;
};

void add_email_render(const email_group& to);    ///< render
void add_email_send(const email_group& to);      ///< send
void add_email_outbox(const email_group& to);    ///< outbox ls, show, resend
void add_email_sent(const email_group& to);      ///< sent
void add_email_templates(const email_group& to); ///< templates
void add_email_preview(const email_group& to);   ///< preview

exit_code email_code_for(const boost::system::error_code& failure);

/// Where mail goes from a command line: `--url`, else what the environment says. Throws std::invalid_argument for a URL with a
/// password in it, which everybody on the machine could read.
email::mailer_options mailer_options_for(const std::string& url, const std::string& from, const environment& variables);

/// Its id. A person sees that it goes on.
std::string send_visibly(const email::mailer& by, email::message what, const output& to);

/// Whether any of a list of URLs has a password.
bool has_password(std::string_view urls);

/// A file's contents, or with `-` the standard input's. Throws infra::errc::invalid_input for what cannot be read or has
/// over 1 MiB.
std::string words_of(const std::string& file);

/// The same as a JSON object.
json::object data_of(const std::string& file);

/// `Ann <a@example.org>, b@example.org`
std::string shown(const std::vector<email::address>& list);
json::array document_of(const std::vector<email::address>& list);

} // namespace infra::cli
