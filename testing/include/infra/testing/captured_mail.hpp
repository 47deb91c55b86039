#pragma once

/// Mail that stays in the test.
///
///     auto mail = std::make_shared<infra::testing::captured_mail>();
///     email::set_default_mailer(email::mailer({.transport = mail, .from = "shop@example.org"}));
///     … what sends mail …
///     EXPECT_EQ(mail->sent().at(0).subject, "Welcome!");

#include <infra/email/transport.hpp>

#include <mutex>
#include <vector>

namespace infra::testing {

/// Accepts everything and keeps it; a second mail with the same idempotency key is a duplicate, as in every transport.
///
/// Threads:  any member from any thread.
/// Errors:   only those a test asks for with fail_next().
class captured_mail final : public email::transport {
public:
    std::string_view name() const noexcept override { return "captured"; }
    email::transport_traits traits() const noexcept override;
    awaitable<std::vector<email::delivery>> deliver(std::vector<email::mail> mails, deadline limit) override;

    /// What was accepted so far, in order.
    std::vector<email::mail> sent() const;

    /// The next mail is refused with this instead; asked again, the one after it too. A mailer tries what may pass
    /// again, and so it takes as many of those as it has attempts.
    void fail_next(email::send_error why);

    /// Forgets mails, keys and failures to come.
    void clear();

private:
    email::delivery accept(email::mail each);

    mutable std::mutex mutex_;
    std::vector<email::mail> sent_;          // guarded by mutex_
    std::vector<email::send_error> failing_; // guarded by mutex_
};

} // namespace infra::testing
