#pragma once

/// Mail that stays in the test.
///
///     auto mail = std::make_shared<infra::testing::captured_mail>();
///     email::set_default_mailer(email::mailer({.transport = mail, .from = "shop@example.org"}));
///     … what sends mail …
///     const auto welcomed = mail->was_sent({.to = "ann@example.org", .subject = "Welcome!", .text_contains = "Hi Ann"});
///     EXPECT_TRUE(welcomed) << welcomed;                      // and what was sent instead
///     open(link_in(mail->one_to("ann@example.org").text));

#include <infra/email/memory.hpp>

#include <cstddef>
#include <deque>
#include <iosfwd>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::testing {

/// What a test expects of a mail; what is left out may be anything.
struct expected_mail {
    std::optional<std::string> to{}; ///< an address among to, cc and bcc
    std::optional<std::string> from{};
    std::optional<std::string> subject{};
    std::optional<std::string> text_contains{};
    std::optional<std::string> html_contains{};
    std::optional<std::string> attachment{}; ///< the name of a file
};

/// The answer to was_sent; it prints the mails that there were.
struct sent_check {
    bool found = false;
    std::string seen{};

    explicit operator bool() const noexcept { return found; }
    friend std::ostream& operator<<(std::ostream& to, const sent_check& c);
};

/// Accepts everything and keeps it (the last 100 000 mails); a second mail with the same idempotency key is a duplicate, as in every
/// transport.
///
/// Threads:  any member from any thread.
/// Errors:   only those a test asks for with fail_next().
class captured_mail final : public email::transport {
public:
    captured_mail();

    std::string_view name() const noexcept override { return "captured"; }
    email::transport_traits traits() const noexcept override { return kept_.traits(); }
    awaitable<std::vector<email::delivery>> deliver(std::vector<email::mail> mails, deadline limit) override;

    /// What was accepted so far, in order.
    std::vector<email::mail> sent() const { return kept_.sent(); }

    /// Those of them that are as expected.
    std::vector<email::mail> find(const expected_mail& expected) const;
    sent_check was_sent(const expected_mail& expected) const;

    /// How many went to that address, as to, cc or bcc.
    std::size_t count_to(std::string_view email) const;

    /// The one mail that went there. Throws std::logic_error, which lists what was sent, when there is none or another one.
    email::mail one_to(std::string_view email) const;

    /// The next mail is refused with this instead; asked again, the one after it too. A mailer tries what may pass
    /// again, and so it takes as many of those as it has attempts.
    void fail_next(email::send_error why);

    /// Forgets mails, keys and failures to come.
    void clear();

private:
    std::optional<email::send_error> next_failure();

    email::memory_transport kept_;
    std::mutex mutex_;
    std::deque<email::send_error> failing_; // guarded by mutex_
};

} // namespace infra::testing
