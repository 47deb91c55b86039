#pragma once

/// Mail kept in the process: for tests and demonstrations.
///
///     auto kept = std::make_shared<email::memory_transport>();
///     email::mailer mailer({.transport = kept, .from = "shop@example.org"});
///     … kept->sent().at(0).subject …

#include <infra/email/transport.hpp>

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::email {

struct memory_options {
    std::size_t max_mails = 1'000; ///< older ones are forgotten, their idempotency keys too; at least 1

    /// Of all mails together, roughly; the last mail is kept whatever its size. At least 1.
    std::size_t max_bytes = 64 * 1024 * 1024;
};

/// `memory:` makes one, which nobody can look into. It takes whatever a mail can ask for, and keeps it as it came.
///
/// Threads:  any member from any thread.
/// Errors:   std::invalid_argument names a bad option; delivering fails never.
class memory_transport : public transport {
public:
    explicit memory_transport(memory_options options = {});

    std::string_view name() const noexcept override { return "memory"; }
    transport_traits traits() const noexcept override;
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) override;

    std::vector<mail> sent() const; ///< in order
    void clear();                   ///< mails and keys

private:
    delivery accept(mail m);
    void forget_oldest();

    const memory_options options_;
    mutable std::mutex mutex_;
    std::deque<mail> kept_;                                  // guarded by mutex_
    std::size_t bytes_ = 0;                                  // guarded by mutex_
    std::unordered_map<std::string, message_id> ids_by_key_; // guarded by mutex_
};

} // namespace infra::email
