#include <infra/email/deliver_later.hpp>

#include "../check_mail.hpp"
#include "../compose.hpp"
#include "message_record.hpp"
#include "outcome.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/email.hpp>
#include <infra/queue.hpp>

#include <algorithm>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace infra::email {
namespace {

using through = std::function<mailer()>;

// --- The run ----------------------------------------------------------------------------------------------------

// By which one sees, wherever a key is shown, that nobody else uses it.
constexpr std::string_view our_keys = "later:";

message_id known_as_sent(const queue::job_context& job, const send_error& why) {
    telemetry::log(level::warn, "email", "an earlier attempt of the job had sent the mail, in other words",
                   {{"job", job.id()}, {"queue", job.queue()}, {"error.type", why.name()}});
    return {};
}

message_id settle(const send_error& why, bool key_is_ours, bool keeps_keys, const queue::job_context& job) {
    switch (outcome_of(why, key_is_ours, keeps_keys)) {
    case outcome::try_again: throw why; // the job's rules say when
    case outcome::was_sent_then: return known_as_sent(job, why);
    case outcome::may_be_out:
        throw queue::unrecoverable(std::string("the mail may have been sent, and is not tried again: ") + why.what());
    case outcome::give_up: break;
    }
    throw queue::unrecoverable(why.what());
}

awaitable<message_id> send(mailer to, message_record stored, const queue::job_context* job) {
    auto m = message_of(std::move(stored));
    const bool key_is_ours = m.idempotency_key.starts_with(our_keys);
    if (m.idempotency_key.empty()) // another program stored it; ids may begin anew, so others may have had that key
        m.idempotency_key = key_of_job(job->queue(), job->id());
    std::optional<send_error> failure;
    try {
        co_return co_await to.send(std::move(m));
    } catch (const send_error& e) {
        failure = e;
    } catch (const std::invalid_argument& e) { // no program should have stored it, and none can send it
        throw queue::unrecoverable(e.what());
    }
    co_return settle(*failure, key_is_ours, to.traits().keeps_keys, *job);
}

// --- The job ----------------------------------------------------------------------------------------------------

std::chrono::milliseconds pause_after(const queue::failed_attempt& failed, const infra::backoff& policy) {
    try {
        std::rethrow_exception(failed.thrown);
    } catch (const send_error& e) {
        return pause_after(e, policy, failed.attempt, random_01());
    } catch (...) {
        return delay_before_retry(policy, failed.attempt, random_01());
    }
}

queue::job<message_record> define(queue::registry& jobs, through to, const later_options& options) {
    if (options.attempts < 1)
        throw std::invalid_argument("email::later_options::attempts must be at least 1");
    validate(options.pause, "email::later_options::pause");
    return jobs.define<message_record>(
        {.name = options.job,
         .handler = [to = std::move(to)](message_record stored, queue::job_context& job) -> awaitable<message_id> {
             return send(to(), std::move(stored), &job);
         },
         .attempts = options.attempts,
         .backoff_by = [pause = options.pause](const auto& failed) { return pause_after(failed, pause); }});
}

// --- The call ---------------------------------------------------------------------------------------------------

// As the mailer will, but for a template's words and the attachments' bytes, of which nothing is known yet.
void check(const message& m, const mailer& to) {
    check_shape(m);
    auto known = m;
    known.attachments.clear();
    for (const auto& each : m.attachments)
        known.attachments.push_back(
            {.filename = filename_of(each), .content_type = each.content_type, .content_id = each.content_id});
    const auto words = m.content.value_or(rendered_email{.subject = "subject", .text = "text"});
    const auto made = compose(std::move(known), words,
                              {.id = {},
                               .date = {},
                               .default_from = address("nobody@example.org"),
                               .max_bytes = std::numeric_limits<std::size_t>::max()});
    refuse_unsupported(made, to.traits(), to.transport_name());
}

send_error too_large(const std::string& why) {
    return {errc::too_large,
            why + "; let large attachments stay where they are: email::attachment::file or stored names them"};
}

void refuse_too_large(const message& m, std::size_t most) {
    std::size_t bytes = 0;
    for (const auto& each : m.attachments)
        bytes += each.content.size();
    if (bytes > most)
        throw too_large("the attachments have " + std::to_string(bytes) + " bytes, more than the " +
                        std::to_string(most) + " of a job (queue_options::max_payload_bytes)");
}

void take_time(message& m, queue::enqueue_options& when) {
    if (when.backoff)
        throw std::invalid_argument("email::deliver_later: backoff is later_options::pause for all");
    if (!m.scheduled_at)
        return;
    if (when.run_at || when.delay > std::chrono::milliseconds::zero())
        throw std::invalid_argument("email::message::scheduled_at: set it, or the job's delay or run_at, not both");
    when.run_at = std::exchange(m.scheduled_at, std::nullopt);
}

awaitable<queue::job_id> store(queue::queue jobs, queue::job<message_record> as, message m,
                               queue::enqueue_options when) {
    try {
        co_return co_await jobs.enqueue(as, record_of(m), std::move(when));
    } catch (const error& e) {
        if (e.code() == queue::errc::too_large)
            throw too_large(e.what());
        throw;
    }
}

awaitable<queue::job_id> deliver(queue::queue jobs, queue::job<message_record> as, mailer to, message m,
                                 queue::enqueue_options when) {
    take_time(m, when);
    refuse_too_large(m, jobs.options().max_payload_bytes);
    check(m, to);
    if (m.idempotency_key.empty())
        m.idempotency_key = std::string(our_keys) + uuid_v7();
    return store(std::move(jobs), std::move(as), std::move(m), std::move(when));
}

// --- The process's own ------------------------------------------------------------------------------------------

struct defined {
    std::mutex mutex;
    std::optional<queue::job<message_record>> one; // guarded by mutex
};

// Anew where a test has cleared the registry.
queue::job<message_record> default_job() {
    static defined the;
    const std::scoped_lock lock(the.mutex);
    auto& jobs = *queue::default_registry();
    if (!the.one || !jobs.find(the.one->name()))
        the.one = define(jobs, default_mailer, {});
    return *the.one;
}

} // namespace

struct later::state {
    queue::queue jobs;
    mailer to;
    queue::job<message_record> job;
};

later::later(queue::queue jobs, mailer through, later_options options)
    : state_(std::make_shared<const state>(
          state{jobs, through, define(*jobs.jobs(), [through] { return through; }, options)})) {}

awaitable<queue::job_id> later::deliver(message mail, queue::enqueue_options when) const {
    return email::deliver(state_->jobs, state_->job, state_->to, std::move(mail), std::move(when));
}

awaitable<queue::job_id> deliver_later(message mail, queue::enqueue_options when) {
    return deliver(queue::default_queue(), default_job(), default_mailer(), std::move(mail), std::move(when));
}

void define_deliveries() { default_job(); }

} // namespace infra::email
