#pragma once

// The last mails that were sent, or were not: what is known of transports that keep none.

#include <infra/base/clock.hpp>
#include <infra/email.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::dashboard {

/// Of what became of a mail; recipients are redacted from the beginning.
struct sent_mail {
    std::uint64_t number = 0; ///< grows
    wall_time at{};
    std::string id{};   ///< as the transport knows it
    std::string mail{}; ///< our own, which names it in the outbox
    std::string from{};
    std::vector<std::string> to{};
    std::string subject{};
    std::string template_name{};
    std::string transport{};
    int attempts = 0;
    std::string state{};  ///< "sent", "duplicate", "stopped", "failed"
    std::string reason{}; ///< failed: why
    std::string trace{};
};

/// `a***@example.org`; of what is no address nothing is shown.
std::string redacted(const email::address& who);

/// What is kept of it. Called within the send, whose trace it takes.
sent_mail record_of(const email::mail& m, const email::delivery& d, std::string_view transport, wall_time at);

/// Mails that failed alike.
struct mail_failures {
    std::string signature{};
    std::size_t count = 0;
    wall_time first{}, last{};
};

/// Threads:  any.
/// Lifetime: held by whoever looks, and by the mailer that tells it.
class sent_mails {
public:
    static constexpr std::size_t most = 1000;
    using listener = std::function<void(const sent_mail&)>;

    void add(sent_mail one);
    /// Told of each, on the thread that sends it; once, before the first.
    void on_add(listener told) { told_ = std::move(told); }

    /// Newest first, of numbers before `before`; 0: from the newest on.
    std::vector<sent_mail> list(std::size_t max, std::uint64_t before, std::string_view state = {}) const;
    std::optional<sent_mail> find(std::string_view mail) const;
    std::size_t failed_since(wall_time since) const;
    std::vector<mail_failures> failures_since(wall_time since) const;

private:
    mutable std::mutex mutex_;
    std::deque<sent_mail> kept_; // oldest first; guarded by mutex_
    std::uint64_t last_ = 0;     // guarded by mutex_
    listener told_;
};

} // namespace infra::dashboard
