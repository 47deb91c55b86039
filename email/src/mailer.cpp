#include <infra/email/mailer.hpp>

#include "check_mail.hpp"
#include "compose.hpp"
#include "error_name.hpp"
#include "instruments.hpp"
#include "template/cache.hpp"
#include "template/template_text.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/email/error.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <functional>
#include <stdexcept>
#include <utility>

namespace infra::email {
namespace {

// Gmail cuts longer ones off and hides the rest behind a link.
constexpr std::size_t clipping_size = 102 * 1024;

std::shared_ptr<transport> transport_of(const mailer_options& o) {
    if (o.transport && !o.url.empty())
        throw std::invalid_argument("email::mailer_options::transport and url: at most one may be set");
    if (o.transport)
        return o.transport;
    return make_transport(o.url.empty() ? "outbox:var/outbox" : o.url);
}

mailer_options checked(mailer_options o) {
    if (o.timeout <= std::chrono::milliseconds::zero())
        throw std::invalid_argument("email::mailer_options::timeout must be greater than zero");
    if (o.templates.empty())
        throw std::invalid_argument("email::mailer_options::templates must name a directory");
    if (o.from && !is_valid_address(o.from->email()))
        throw std::invalid_argument("email::mailer_options::from must be an email address");
    if (!o.time)
        throw std::invalid_argument("email::mailer_options::time must be a clock");
    o.transport = transport_of(o);
    return o;
}

// Called while `e` is handled. Every error of ours says whether trying again may help; what is not ours stays what it is.
[[noreturn]] void rethrow(const std::exception& e) {
    const auto* const ours = dynamic_cast<const error*>(&e);
    if (ours && !dynamic_cast<const send_error*>(&e))
        throw send_error(ours->code(), ours->what());
    throw;
}

void warn_if_clipped(const mail& m) {
    if (m.html.size() > clipping_size)
        telemetry::log(level::warn, "email", "html over 102 KB will be clipped by some readers",
                       {{"message_id", m.id}, {"bytes", m.html.size()}});
}

/// What is told of a message, when the message itself has gone its way.
struct description {
    explicit description(const message& m)
        : template_name(m.template_name), to(redacted(m.to[0])), recipients(m.to.size() + m.cc.size() + m.bcc.size()) {}

    std::string template_name;
    std::string to;
    std::size_t recipients;
};

} // namespace

struct mailer::state {
    explicit state(mailer_options o)
        : options(checked(std::move(o))),
          metrics(options.transport->name()),
          templates(std::make_shared<template_cache>(*options.time)) {}

    static awaitable<message_id> send(std::shared_ptr<const state> self, message m, send_options options);
    static awaitable<delivery> render_and_deliver(std::shared_ptr<const state> self, message m, deadline limit);
    std::function<rendered_email()> renderer_of(message& m) const;
    static awaitable<email_template> load(std::shared_ptr<const state> self, std::string name, load_options options);

    awaitable<delivery> deliver(mail m, deadline limit) const;
    void note_sent(const delivery& done, const description& of, double seconds) const;

    blocking_pool& pool() const { return options.pool ? *options.pool : default_blocking_pool(); }

    const mailer_options options;
    const instruments metrics;
    const std::shared_ptr<template_cache> templates; // jobs of the pool may outlive us
};

// --- Sending ----------------------------------------------------------------------------------------------------

awaitable<message_id> mailer::state::send(std::shared_ptr<const state> self, message m, send_options options) {
    check_shape(m);
    auto& time = *self->options.time;
    const auto began = time.steady();
    const auto seconds = [&] { return std::chrono::duration<double>(time.steady() - began).count(); };
    const description of(m);
    telemetry::span span("send email", span_kind::producer);
    span.set({{"email.transport", self->options.transport->name()},
              {"email.template", of.template_name},
              {"email.recipients", of.recipients}});
    try {
        const auto limit = options.limit.value_or(deadline::after(self->options.timeout, began));
        auto done = co_await with_deadline(render_and_deliver(self, std::move(m), limit), limit, time);
        span.set({{"email.message_id", done.id}});
        self->note_sent(done, of, seconds());
        co_return std::move(done.id);
    } catch (const std::exception& e) {
        const auto why = name_of(code_of(std::current_exception()));
        span.set({{"error.type", why}});
        span.fail(e.what());
        self->metrics.failed(why, seconds());
        rethrow(e);
    }
}

awaitable<delivery> mailer::state::render_and_deliver(std::shared_ptr<const state> self, message m, deadline limit) {
    rendered_email words;
    if (m.content)
        words = std::move(*m.content);
    else if (!m.hosted)
        words = co_await self->pool().run(self->renderer_of(m));
    const auto& options = self->options;
    auto made = compose(
        std::move(m), std::move(words),
        {.id = uuid_v7(), .date = options.time->wall(), .default_from = options.from, .max_bytes = options.max_bytes});
    refuse_unsupported(made, options.transport->traits(), options.transport->name());
    warn_if_clipped(made);
    auto done = co_await self->deliver(std::move(made), limit);
    if (done.failure)
        throw send_error(std::move(*done.failure));
    co_return done;
}

// Makes the words of a message, and takes what it needs for that. It looks at files, and cmark-gfm's time can grow with the square
// of the length, so no loop waits for it; and a message's own Markdown, which may hold what users wrote, has a bound.
std::function<rendered_email()> mailer::state::renderer_of(message& m) const {
    if (m.body.empty())
        return [cache = templates, directory = options.templates, name = m.template_name, locale = std::move(m.locale),
                data = std::move(m.data), strict = options.strict] {
            return render_template(*cache->get(directory, name, locale), data, {.strict = strict});
        };
    if (m.body.size() > options.max_body_bytes)
        throw error(errc::too_large, "the body has " + std::to_string(m.body.size()) + " bytes of Markdown, over the " +
                                         std::to_string(options.max_body_bytes) +
                                         " of mailer_options::max_body_bytes; shorten it or attach it as a file");
    return [subject = m.subject.empty() ? std::string(no_subject) : m.subject, body = std::move(m.body)] {
        return render_body(subject, body);
    };
}

awaitable<delivery> mailer::state::deliver(mail m, deadline limit) const {
    std::vector<mail> one;
    one.push_back(std::move(m));
    auto done = co_await options.transport->deliver(std::move(one), limit);
    co_return std::move(done.at(0));
}

void mailer::state::note_sent(const delivery& done, const description& of, double seconds) const {
    done.duplicate ? metrics.duplicate(seconds) : metrics.sent(seconds);
    telemetry::log(level::info, "email", done.duplicate ? "not sent again" : "sent",
                   {{"message_id", done.id},
                    {"transport", options.transport->name()},
                    {"template", of.template_name},
                    {"to", of.to},
                    {"recipients", of.recipients}});
}

awaitable<email_template> mailer::state::load(std::shared_ptr<const state> self, std::string name,
                                              load_options options) {
    auto directory = options.directory.empty() ? self->options.templates : std::move(options.directory);
    co_return co_await self->pool().run(
        [cache = self->templates, directory = std::move(directory), name = std::move(name),
         locale = std::move(options.locale)] { return *cache->get(directory, name, locale); });
}

// --- The handle -------------------------------------------------------------------------------------------------

mailer::mailer(mailer_options options) : state_(std::make_shared<const state>(std::move(options))) {}

awaitable<message_id> mailer::send(message mail, send_options options) const {
    return state::send(state_, std::move(mail), options);
}

awaitable<email_template> mailer::load_template(std::string name, load_options options) const {
    return state::load(state_, std::move(name), std::move(options));
}

std::string_view mailer::transport_name() const noexcept { return state_->options.transport->name(); }

transport_traits mailer::traits() const noexcept { return state_->options.transport->traits(); }

} // namespace infra::email
