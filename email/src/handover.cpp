#include "handover.hpp"

#include "attempts.hpp"
#include "error_name.hpp"

#include <infra/base/id.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

namespace infra::email {
namespace {

// So much before an attempt is ended a transport is asked to end it: then it still tells what became of each mail.
deadline somewhat_before(deadline until, steady_time now) {
    using namespace std::chrono_literals;
    if (until.is_never())
        return until;
    return until.time() - std::min<std::chrono::nanoseconds>(until.remaining(now) / 10, 250ms);
}

// What a whole attempt threw. Where it lost its answer, or threw what it should not, nobody knows what became of the mails.
send_error failure_of_attempt(const std::exception_ptr& thrown, std::string_view transport) {
    const auto failure = failure_of(thrown);
    try {
        std::rethrow_exception(thrown);
    } catch (const send_error&) {
        return failure;
    } catch (const error& e) {
        if (e.code() != infra::errc::timed_out)
            return failure;
        return summed_up({e.code(), "the transport " + std::string(transport) + " did not answer in time"}, 1, true,
                         "");
    } catch (...) {
        return summed_up(failure, 1, true, "");
    }
}

delivery failed(send_error why) { return {.failure = std::move(why)}; }

} // namespace

send_error failure_of(const std::exception_ptr& thrown) {
    const auto code = code_of(thrown);
    if (code == boost::asio::error::operation_aborted)
        std::rethrow_exception(thrown);
    try {
        std::rethrow_exception(thrown);
    } catch (const send_error& e) {
        return e;
    } catch (...) {
        return {code, describe(thrown)};
    }
}

handover::handover(const mailer_setup& with, telemetry::span& told, std::vector<const mail*> mails, deadline limit,
                   listener settled)
    : setup_(with),
      span_(told),
      mails_(std::move(mails)),
      limit_(limit),
      waiting_(mails_.size()),
      uncertain_(mails_.size()),
      settled_(std::move(settled)) {
    std::iota(waiting_.begin(), waiting_.end(), 0u);
}

awaitable<void> handover::run() {
    if (limit_.passed(setup_.time().steady())) {
        const send_error late{infra::errc::timed_out, "the deadline passed before the mail was handed over"};
        for (const auto which : std::exchange(waiting_, {}))
            settled_(which, failed(late));
    }
    while (!waiting_.empty()) {
        if (made_ > 0) {
            tell_of_pause();
            co_await setup_.time().sleep_for(pause_);
        }
        ++made_;
        sort_out(co_await attempt());
    }
}

awaitable<std::vector<delivery>> handover::attempt() {
    auto& time = setup_.time();
    const auto until = earlier(limit_, deadline::after(setup_.options.attempt_timeout, time.steady()));
    std::exception_ptr thrown;
    try {
        auto answers = co_await with_deadline(ask(until), until, time);
        if (answers.size() == waiting_.size())
            co_return answers;
        throw std::logic_error("the transport " + std::string(setup_.transport_name()) + " answered " +
                               std::to_string(answers.size()) + " deliveries to " + std::to_string(waiting_.size()) +
                               " mails");
    } catch (...) {
        thrown = std::current_exception();
    }
    co_return std::vector<delivery>(waiting_.size(), failed(failure_of_attempt(thrown, setup_.transport_name())));
}

awaitable<std::vector<delivery>> handover::ask(deadline until) const {
    co_return co_await setup_.to()->deliver(waiting(), somewhat_before(until, setup_.time().steady()));
}

std::vector<mail> handover::waiting() const {
    std::vector<mail> copies;
    copies.reserve(waiting_.size());
    for (const auto which : waiting_)
        copies.push_back(*mails_[which]);
    return copies;
}

void handover::sort_out(std::vector<delivery> answers) {
    const auto asked = std::exchange(waiting_, {});
    const auto lot = random_01();
    pause_ = {};
    for (std::size_t i = 0; i < asked.size(); ++i) {
        auto& answer = answers[i];
        if (answer.failure) {
            settle_or_wait(asked[i], *answer.failure, lot);
            continue;
        }
        if (answer.id == mails_[asked[i]]->id)
            answer.duplicate = false; // of an earlier attempt, whose answer was lost
        answer.attempts = made_;
        settled_(asked[i], std::move(answer));
    }
}

void handover::settle_or_wait(std::size_t which, const send_error& failure, double lot) {
    const attempt_rules rules{.attempts = setup_.options.attempts,
                              .pause = setup_.options.pause,
                              .keeps_keys = setup_.to()->traits().keeps_keys};
    const auto next = after_failure(failure, made_, rules, limit_.remaining(setup_.time().steady()), lot);
    uncertain_[which] = uncertain_[which] || failure.uncertain();
    if (!next.pause) {
        auto outcome = failed(summed_up(failure, made_, uncertain_[which], next.reason));
        outcome.attempts = made_;
        settled_(which, std::move(outcome));
        return;
    }
    pause_ = std::max(pause_, *next.pause);
    why_ = name_of(failure.code());
    waiting_.push_back(which);
}

void handover::tell_of_pause() const {
    setup_.metrics.retried(waiting_.size());
    span_.event("retry", {{"email.attempt", made_ + 1}, {"error.type", why_}, {"email.pause", pause_}});
    telemetry::log(level::info, "email", "will be tried again",
                   {{"transport", setup_.transport_name()},
                    {"reason", why_},
                    {"mails", waiting_.size()},
                    {"attempt", made_ + 1},
                    {"pause", pause_}});
}

} // namespace infra::email
