#include "wiring.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/deliver_later.hpp>

#include <utility>

namespace infra::app {
namespace {

std::string shown_urls(std::string_view list) {
    std::string text;
    for (const auto url : email::urls_of(list))
        text.append(text.empty() ? "" : " ").append(encoding::shown_url(url));
    return text;
}

awaitable<std::string> read_from_storage(std::string key, std::size_t max_bytes) {
    auto found = co_await storage::default_storage().get(std::move(key), {.max_bytes = max_bytes});
    co_return std::move(found.bytes);
}

email::mailer_options completed_mailer_options(email::mailer_options own, email::mailer_options by_environment) {
    if (!own.transport && own.url.empty())
        own.url = std::move(by_environment.url);
    if (!own.from)
        own.from = std::move(by_environment.from);
    if (!own.read_stored)
        own.read_stored = read_from_storage;
    return own;
}

std::string backend_of(const email::mailer_options& o) {
    if (o.transport)
        return std::string(o.transport->name());
    return shown_urls(o.url.empty() ? "outbox:var/outbox" : o.url);
}

} // namespace

void wire_email(wiring& w) {
    auto options = completed_mailer_options(w.options.email, email::options_from(w.env));
    w.chosen.push_back({.module = "email", .backend = backend_of(options)});
    email::set_default_mailer(email::mailer(std::move(options)));
    email::define_deliveries(); // for the worker of this service or of another one
}

} // namespace infra::app
