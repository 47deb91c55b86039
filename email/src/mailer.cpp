#include <infra/email/mailer.hpp>

#include "compose.hpp"
#include "error_name.hpp"
#include "posting.hpp"
#include "setup.hpp"
#include "template/names.hpp"

#include <infra/base/telemetry.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace infra::email {
namespace {

// For a batch without a deadline of its own: so long for each of them.
constexpr std::size_t hundred = 100;

deadline limit_of(const mailer_setup& with, const std::optional<deadline>& given, std::size_t messages) {
    const auto hundreds = static_cast<double>((messages + hundred - 1) / hundred);
    const auto whole = std::chrono::duration<double, std::milli>(with.options.timeout) * hundreds;
    return given ? *given : deadline::after(whole, with.time().steady());
}

void tell(telemetry::span& span, const std::exception& e) {
    span.set({{"error.type", name_of(code_of(std::current_exception()))}});
    span.fail(e.what());
}

void tell(telemetry::span& span, const std::vector<delivery>& all) {
    const auto failed =
        static_cast<std::size_t>(std::ranges::count_if(all, [](const delivery& d) { return d.failure.has_value(); }));
    const auto stopped = std::ranges::count_if(all, [](const delivery& d) { return d.stopped; });
    span.set({{"email.failed", failed}, {"email.stopped", stopped}});
    if (failed > 0)
        span.fail(std::to_string(failed) + " of " + std::to_string(all.size()) + " emails were not accepted");
}

} // namespace

struct mailer::state : mailer_setup {
    using mailer_setup::mailer_setup;

    static awaitable<message_id> send(std::shared_ptr<const state> self, message m, send_options options);
    static awaitable<std::vector<delivery>> send_batch(std::shared_ptr<const state> self, std::vector<message> all,
                                                       batch_options options);
    static awaitable<email_template> load(std::shared_ptr<const state> self, std::string name, load_options options);
};

awaitable<message_id> mailer::state::send(std::shared_ptr<const state> self, message m, send_options options) {
    check_shape(m);
    telemetry::span span("send email", span_kind::producer);
    span.set({{"email.transport", self->transport_name()},
              {"email.template", m.template_name},
              {"email.recipients", m.to.size() + m.cc.size() + m.bcc.size()}});
    try {
        std::vector<message> one;
        one.push_back(std::move(m));
        posting post(*self, span, std::move(one), limit_of(*self, options.limit, 1));
        auto outcomes = co_await post.run();
        auto& done = outcomes.at(0);
        if (done.failure)
            throw send_error(std::move(*done.failure));
        span.set({{"email.message_id", done.id}});
        if (!done.transport.empty())
            span.set({{"email.transport", done.transport}}); // of a list, the one that took it
        if (done.stopped)
            span.set({{"email.stopped", true}});
        co_return std::move(done.id);
    } catch (const std::exception& e) {
        tell(span, e);
        throw;
    }
}

awaitable<std::vector<delivery>> mailer::state::send_batch(std::shared_ptr<const state> self, std::vector<message> all,
                                                           batch_options options) {
    std::ranges::for_each(all, check_shape);
    telemetry::span span("send emails", span_kind::producer);
    span.set({{"email.transport", self->transport_name()}, {"email.messages", all.size()}});
    try {
        const auto limit = limit_of(*self, options.limit, all.size());
        posting post(*self, span, std::move(all), limit);
        auto outcomes = co_await post.run(options.all_or_none);
        tell(span, outcomes);
        co_return outcomes;
    } catch (const std::exception& e) {
        tell(span, e);
        throw;
    }
}

awaitable<email_template> mailer::state::load(std::shared_ptr<const state> self, std::string name,
                                              load_options options) {
    auto directory = options.directory.empty() ? self->options.templates : std::move(options.directory);
    co_return co_await self->pool().run([cache = self->templates, directory = std::move(directory),
                                         name = std::move(name), locale = std::move(options.locale),
                                         expected = std::move(options.expects)] {
        auto found = *cache->get(directory, name, locale);
        if (expected)
            refuse_unexpected(found, *expected);
        return found;
    });
}

// --- The handle -------------------------------------------------------------------------------------------------

mailer::mailer(mailer_options options) : state_(std::make_shared<const state>(std::move(options))) {}

awaitable<message_id> mailer::send(message mail, send_options options) const {
    return state::send(state_, std::move(mail), std::move(options));
}

awaitable<std::vector<delivery>> mailer::send_batch(std::vector<message> mails, batch_options options) const {
    return state::send_batch(state_, std::move(mails), std::move(options));
}

awaitable<email_template> mailer::load_template(std::string name, load_options options) const {
    return state::load(state_, std::move(name), std::move(options));
}

mailer mailer::with_after(after_hook hook) const {
    auto options = state_->options;
    options.url.clear(); // its transport is there already
    options.after.push_back(std::move(hook));
    return mailer(std::move(options));
}

const mailer_options& mailer::options() const noexcept { return state_->options; }

std::string_view mailer::transport_name() const noexcept { return state_->transport_name(); }

transport_traits mailer::traits() const noexcept { return state_->options.transport->traits(); }

} // namespace infra::email
