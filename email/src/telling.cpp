#include "telling.hpp"

#include "compose.hpp"
#include "error_name.hpp"

#include <infra/base/telemetry.hpp>

#include <exception>
#include <string_view>

namespace infra::email {
namespace {

// Gmail cuts longer ones off and hides the rest behind a link.
constexpr std::size_t clipping_size = 102 * 1024;

std::string_view verb_of(const delivery& done) noexcept {
    if (done.failure)
        return "not sent";
    if (done.stopped)
        return "stopped by a hook";
    return done.duplicate ? "not sent again" : "sent";
}

void count(const instruments& in, const delivery& done, double seconds) {
    if (done.failure)
        in.failed(name_of(done.failure->code()), seconds);
    else if (done.stopped)
        in.stopped();
    else
        done.duplicate ? in.duplicate(seconds) : in.sent(seconds);
}

template <class M>
std::size_t recipients_of(const M& m) noexcept {
    return m.to.size() + m.cc.size() + m.bcc.size();
}

} // namespace

description::description(const message& m)
    : template_name(m.template_name), to(redacted(m.to[0])), recipients(recipients_of(m)) {}

void description::look_at(const mail& m) {
    to = redacted(m.to[0]);
    recipients = recipients_of(m);
}

void tell(const mailer_setup& with, const description& of, const message_id& id, const delivery& done, double seconds) {
    count(with.metrics, done, seconds);
    const std::string_view taker = done.transport.empty() ? with.transport_name() : done.transport;
    std::vector<field> fields{{"message_id", done.id.empty() ? id : done.id},
                              {"transport", taker},
                              {"template", of.template_name},
                              {"to", of.to},
                              {"recipients", of.recipients}};
    if (done.failure)
        fields.push_back({"reason", name_of(done.failure->code())});
    telemetry::log(done.failure ? level::warn : level::info, "email", verb_of(done), fields);
}

void tell(const std::vector<after_hook>& hooks, const mail& of, const delivery& done) {
    for (const auto& hook : hooks)
        try {
            hook(of, done);
        } catch (...) {
            telemetry::log(level::error, "email", "an after hook failed",
                           {{"message_id", of.id}, {"error", describe(std::current_exception())}});
        }
}

void warn_if_clipped(const mail& m) {
    if (m.html.size() > clipping_size)
        telemetry::log(level::warn, "email", "html over 102 KB will be clipped by some readers",
                       {{"message_id", m.id}, {"bytes", m.html.size()}});
}

} // namespace infra::email
