#include <infra/email/smtp.hpp>

#include "errand.hpp"
#include "options.hpp"
#include "pool.hpp"
#include "transaction.hpp"

#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <atomic>
#include <utility>

namespace infra::email {
namespace {

using smtp::consignment;
using smtp::step;

/// What the transport and the mails under way share.
struct core {
    explicit core(smtp_options o)
        : options(std::make_shared<const smtp_options>(std::move(o))),
          home(options->home ? options->home : default_executor()),
          connections(std::make_shared<smtp::pool>(home, options)) {}

    static awaitable<delivery> deliver(std::shared_ptr<core> self, mail m, deadline limit);
    static awaitable<void> carry(std::shared_ptr<core> self, mail m, std::shared_ptr<consignment> what);
    static awaitable<void> connect_and_hand_over(std::shared_ptr<core> self, std::shared_ptr<consignment> what);
    awaitable<std::string> encode(mail m) const;

    const std::shared_ptr<const smtp_options> options;
    const executor home;
    const std::shared_ptr<smtp::pool> connections; // touched on `home` only
    std::atomic<std::size_t> under_way{0};
};

/// Counts a mail among those under way.
class place {
public:
    explicit place(std::shared_ptr<core> of) : of_(std::move(of)) {
        if (of_->under_way.fetch_add(1) < of_->options->max_waiting)
            return;
        of_->under_way.fetch_sub(1);
        throw send_error(infra::errc::overloaded,
                         "smtp: max_waiting mails are under way or wait for a connection; send less, or raise it");
    }
    ~place() { of_->under_way.fetch_sub(1); }
    place(const place&) = delete;
    place& operator=(const place&) = delete;

private:
    const std::shared_ptr<core> of_;
};

smtp::subject subject_of(const smtp_options& o, const smtp::envelope& e) {
    return smtp::about(o.host, !o.key_header.empty(), e, {o.user, o.password, o.token});
}

awaitable<delivery> core::deliver(std::shared_ptr<core> self, mail m, deadline limit) {
    const auto& o = *self->options;
    const auto what = std::make_shared<consignment>();
    auto id = m.id;
    try {
        what->to = smtp::envelope_of(m);
        what->about = subject_of(o, what->to);
        const place mine(self);
        const auto until = earlier(limit, deadline::after(o.timeout, o.time->steady()));
        co_await with_deadline(carry(self, std::move(m), what), until, *o.time);
        co_return delivery{.id = std::move(id)};
    } catch (const send_error& e) {
        co_return delivery{.failure = e};
    } catch (const error& e) {
        if (e.code() == infra::errc::timed_out)
            co_return delivery{.failure = smtp::interrupted(what->at, smtp::interruption::timed_out, what->about)};
        co_return delivery{.failure = send_error(e.code(), e.what())};
    }
}

awaitable<void> core::carry(std::shared_ptr<core> self, mail m, std::shared_ptr<consignment> what) {
    what->content = std::make_shared<const std::string>(co_await self->encode(std::move(m)));
    bool done = false;
    while (!done) {
        try {
            co_await connect_and_hand_over(self, what);
            done = true;
        } catch (const smtp::stale&) { // at most as often as connections are kept
        }
    }
}

awaitable<void> core::connect_and_hand_over(std::shared_ptr<core> self, std::shared_ptr<consignment> what) {
    what->at = step::waiting;
    const auto mine = co_await smtp::pool::take(self->connections);
    what->at = step::connecting;
    if (!mine.reused())
        co_await mine.get()->open(what->about);
    co_await smtp::hand_over(mine.get(), what, mine.reused());
}

awaitable<std::string> core::encode(mail m) const {
    if (m.attachments.empty())
        co_return smtp::content_of(std::move(m), options->key_header);
    auto& pool = options->pool ? *options->pool : default_blocking_pool();
    co_return co_await pool.run(
        [m = std::move(m), field = options->key_header]() mutable { return smtp::content_of(std::move(m), field); });
}

class smtp_transport final : public transport {
public:
    explicit smtp_transport(smtp_options o)
        : core_(std::make_shared<core>(std::move(o))), gate_(loop_gate::of(core_->home)) {}

    ~smtp_transport() override {
        try {
            gate_->pass([this] { asio::post(core_->home, [kept = core_] { kept->connections->close(); }); });
        } catch (...) { // no memory: they are closed when they have been idle long enough
        }
    }

    std::string_view name() const noexcept override { return "smtp"; }

    transport_traits traits() const noexcept override { return {.keeps_keys = !core_->options->key_header.empty()}; }

    // Each by itself: one that fails costs the others nothing.
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) override {
        const executor here = co_await asio::this_coro::executor;
        std::vector<smtp::errand> errands;
        errands.reserve(mails.size());
        for (auto& each : mails)
            errands.emplace_back(core_->home, gate_, here, core::deliver(core_, std::move(each), limit));
        std::vector<delivery> done;
        for (auto& each : errands)
            done.push_back(co_await each.result());
        co_return done;
    }

private:
    const std::shared_ptr<core> core_;
    const std::shared_ptr<loop_gate> gate_;
};

} // namespace

std::shared_ptr<transport> make_smtp_transport(smtp_options options) {
    return std::make_shared<smtp_transport>(smtp::completed(std::move(options)));
}

} // namespace infra::email
