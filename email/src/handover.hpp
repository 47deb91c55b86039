#pragma once

#include "setup.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/time.hpp>
#include <infra/email/transport.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <string_view>
#include <vector>

namespace infra::email {

/// `thrown` as the failure of a mail; rethrows a cancellation, which is nobody's failure.
send_error failure_of(const std::exception_ptr& thrown);

/// Some mails on their way to a transport, handed over until each was accepted or nothing more may be tried (attempts.hpp).
///
/// What waits for another attempt goes with the others that do, in their order and after the longest of their pauses: what one is
/// told by a provider holds for all.
///
/// Threads:  one coroutine's.
/// Errors:   none but cancellation; the rest is in the deliveries. What was known before a cancellation has been told.
/// Lifetime: what it is given outlives run().
class handover {
public:
    /// Called once for each mail, by its place, as soon as it is known what became of it; the mail may go then.
    using listener = std::function<void(std::size_t which, delivery outcome)>;

    handover(const mailer_setup& with, telemetry::span& told, std::vector<const mail*> mails, deadline limit,
             listener settled);

    /// Once.
    awaitable<void> run();

private:
    awaitable<std::vector<delivery>> attempt();
    awaitable<std::vector<delivery>> ask(deadline until) const;
    std::vector<mail> waiting() const;
    void sort_out(std::vector<delivery> answers);
    void settle_or_wait(std::size_t which, const send_error& failure, double lot);
    void tell_of_pause() const;

    const mailer_setup& setup_;
    telemetry::span& span_;
    const std::vector<const mail*> mails_;
    const deadline limit_;

    int made_ = 0;                     // attempts
    std::vector<std::size_t> waiting_; // mails that are not done yet, in order
    std::chrono::milliseconds pause_{0};
    std::string_view why_;        // of the last failure that is tried again
    std::vector<bool> uncertain_; // whether an attempt of a mail was
    const listener settled_;
};

} // namespace infra::email
