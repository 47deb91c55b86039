#include "setup.hpp"

#include <infra/runtime/default_runtime.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace infra::email {
namespace {

void require_of_options(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("email::mailer_options::") + sentence);
}

std::shared_ptr<transport> transport_of(const mailer_options& o) {
    require_of_options(!o.transport || o.url.empty(), "transport and url: at most one may be set");
    if (o.transport)
        return o.transport;
    return make_transport(o.url.empty() ? "outbox:var/outbox" : o.url);
}

constexpr auto is_callable = [](const auto& hook) { return static_cast<bool>(hook); };

mailer_options checked(mailer_options o) {
    constexpr auto zero = std::chrono::milliseconds::zero();
    require_of_options(o.timeout > zero, "timeout must be greater than zero");
    require_of_options(o.attempt_timeout > zero, "attempt_timeout must be greater than zero");
    require_of_options(o.attempts >= 1 && o.attempts <= 100, "attempts must be from 1 to 100");
    validate(o.pause, "email::mailer_options::pause");
    require_of_options(!o.templates.empty(), "templates must name a directory");
    require_of_options(!o.from || is_valid_address(o.from->email()), "from must be an email address");
    require_of_options(std::ranges::all_of(o.before, is_callable), "before must hold functions");
    require_of_options(std::ranges::all_of(o.after, is_callable), "after must hold functions");
    require_of_options(o.time, "time must be a clock");
    o.transport = transport_of(o);
    return o;
}

} // namespace

mailer_setup::mailer_setup(mailer_options o)
    : options(checked(std::move(o))),
      metrics(options.transport->name()),
      templates(std::make_shared<template_cache>(*options.time)) {}

blocking_pool& mailer_setup::pool() const { return options.pool ? *options.pool : default_blocking_pool(); }

} // namespace infra::email
