#pragma once

/// Mail that a worker sends: stored as a job at once, delivered when the provider is there, once.
///
///     co_await email::deliver_later({.to = user.email, .template_name = "welcome", .data = {{"name", user.name}}});
///     co_await email::deliver_later({.to = user.email, .template_name = "survey"}, {.delay = 72h});
///
/// Needs infra::email_queue. In a service made by infra::app a worker knows these jobs; elsewhere define_deliveries() tells it,
/// or a `later` is made by hand.

#include <infra/base/backoff.hpp>
#include <infra/email/mailer.hpp>
#include <infra/queue/queue.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace infra::email {

struct later_options {
    std::string job = "deliver-email"; ///< the job's name, and its queue's
    int attempts = 10;                 ///< each with those of mailer_options::attempts; at least 1

    /// Between the job's attempts; no shorter than a provider asks for. Ten attempts last some five hours.
    infra::backoff pause = {.type = backoff::kind::exponential,
                            .delay = std::chrono::seconds(30),
                            .max = std::chrono::hours(1),
                            .jitter = 0.25};
};

/// Puts mail off to a worker.
///
/// A message is stored as it is: templates are rendered, and files read (attachment::file, attachment::stored), when it is sent. What
/// is wrong with it by itself is told at the call: its shape, addresses, headers, what the transport cannot do. `scheduled_at`
/// becomes the time of the job, whatever the transport can. The job's result is the mail's id.
///
/// Each job has an idempotency key of its own, unless the message has one, and keeps it over attempts, workers and crashes: with a
/// transport that keeps keys one mail goes out. With one that does not (SMTP), a job whose answer was lost fails for good and says
/// that the mail may have been sent; a worker that dies between sending and saying so has its mail sent again.
///
/// Threads:  a handle; copies share everything, and members may be called from any thread.
/// Errors:   std::invalid_argument names a bad option or message. deliver throws send_error for what is wrong with the message, errc::too_large
///           among it where the queue takes no job of that size, and what queue::enqueue throws.
/// Cancel:   as queue::enqueue.
/// Lifetime: none to mind; jobs keep what they need.
class later {
public:
    /// Defines the job, whose worker sends through `through`. Throws std::invalid_argument where one of that name is defined.
    later(queue::queue jobs, mailer through, later_options options = {});

    /// Returns once the mail is stored. Of `when`, `backoff` is refused: see later_options::pause.
    [[nodiscard]] awaitable<queue::job_id> deliver(message mail, queue::enqueue_options when = {}) const;

private:
    struct state;
    std::shared_ptr<const state> state_;
};

/// The same through the process's default_queue() and default_mailer(), as the job "deliver-email" of queue::default_registry().
[[nodiscard]] awaitable<queue::job_id> deliver_later(message mail, queue::enqueue_options when = {});

/// Tells the workers of this process how to run deliver_later()'s jobs, which its first call does as well.
void define_deliveries();

} // namespace infra::email
