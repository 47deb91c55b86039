#include "wiring.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/deliver_later.hpp>

namespace infra::app {
namespace {

std::string shown(std::string_view list) {
    std::string text;
    for (const auto url : email::urls_of(list))
        text.append(text.empty() ? "" : " ").append(encoding::shown_url(url));
    return text;
}

} // namespace

void wire_email(wiring& w) {
    auto options = email::options_from(w.env);
    options.templates = w.options.templates;
    w.chosen.push_back({.module = "email", .backend = shown(options.url.empty() ? "outbox:var/outbox" : options.url)});
    email::set_default_mailer(email::mailer(std::move(options)));
    email::define_deliveries(); // for the worker of this service or of another one
}

} // namespace infra::app
