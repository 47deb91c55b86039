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
#include <unordered_map>
#include <vector>

namespace infra::email {

struct memory_options {
    std::size_t max_mails = 1'000; ///< older ones are forgotten, their idempotency keys too; at least 1
};

/// `memory:` makes one, which nobody can look into.
///
/// Threads:  any member from any thread.
class memory_transport : public transport {
public:
    explicit memory_transport(memory_options options = {});

    std::string_view name() const noexcept override { return "memory"; }
    transport_traits traits() const noexcept override;
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) override;

    std::vector<mail> sent() const; ///< in order
    void clear();                   ///< mails and keys
};

} // namespace infra::email
