#pragma once

#include "preparation.hpp"
#include "setup.hpp"
#include "telling.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/base/time.hpp>
#include <infra/email/message.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace infra::email {

/// What one call of send or send_batch does: makes mails of messages, shows them to the hooks, hands them over and tells what
/// became of each, a slice at a time as the transport takes them.
///
/// Threads:  one coroutine's.
/// Errors:   what is wrong with one message is in its delivery. run() throws a cancellation, and a send_error for what came
///           before anything was known of any message, such as a deadline.
/// Lifetime: what it is given outlives it.
class posting {
public:
    posting(const mailer_setup& with, telemetry::span& told, std::vector<message> messages, deadline limit);

    /// One delivery for each message. Under `all_or_none` nothing is handed over, and the first failure thrown, unless every
    /// message became a mail. Once.
    awaitable<std::vector<delivery>> run(bool all_or_none = false);

private:
    /// A message on its way.
    struct item {
        explicit item(message m) : words(std::move(m)), about(words) {}

        message words; ///< until it is a mail
        description about;
        std::optional<mail> made{};
        bool handed_over = false;
        bool settled = false; ///< `outcome` holds
        delivery outcome{};
    };
    using slice = std::span<item>;

    std::vector<slice> slices();
    awaitable<void> carry(bool all_or_none);

    bool is_anything_known() const noexcept;
    awaitable<void> make(slice some);
    awaitable<void> make_each(slice some);
    awaitable<void> make_one(item& one, prepared from);
    awaitable<void> read_stored(std::vector<attachment>& all) const;
    awaitable<bool> passes_hooks(item& one);

    awaitable<void> hand_over(slice some);

    void settle(item& one, delivery outcome);
    void give_up(const std::exception_ptr& why);

    const mailer_setup& setup_;
    telemetry::span& span_;
    const deadline limit_;
    const steady_time began_;
    std::vector<item> items_;
};

} // namespace infra::email
