#include "wiring.hpp"

#include <infra/base/encoding.hpp>

namespace infra::app {

void wire_email(wiring& w) {
    auto options = email::options_from(w.env);
    options.templates = w.options.templates;
    w.chosen.push_back(
        {.module = "email", .backend = encoding::shown_url(options.url.empty() ? "outbox:var/outbox" : options.url)});
    email::set_default_mailer(email::mailer(std::move(options)));
}

} // namespace infra::app
