#pragma once

/// Mails, and a transport that speaks to a server on the same loop.

#include "tests/support.hpp"

#include <infra/email/smtp.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace infra::email::smtp {

inline mail make_mail(mail m = {}) {
    m.id = "0190-smtp";
    m.date = std::chrono::sys_days(std::chrono::January / 1 / 2026);
    if (m.from.email().empty())
        m.from = "Shop <shop@x.org>";
    if (m.to.empty())
        m.to = {"ann@example.org"};
    if (m.subject.empty())
        m.subject = "Hi";
    if (m.text.empty() && m.html.empty())
        m.text = "Hello";
    return m;
}

inline awaitable<std::vector<delivery>> deliver_all(std::shared_ptr<transport> to, std::vector<mail> all,
                                                    deadline limit) {
    co_return co_await to->deliver(std::move(all), limit);
}

/// A failure as one line of a table: "refused 5.1.1 550", with "later" where it may be tried again and "perhaps" where it may have been
/// accepted; "sent" if there is none.
inline std::string verdict(const delivery& d) {
    if (!d.failure)
        return "sent";
    const auto& f = *d.failure;
    std::string code = f.code().message();
    if (f.code() == infra::errc::unavailable)
        code = "unavailable";
    else if (f.code() == infra::errc::timed_out)
        code = "timed_out";
    else if (f.code() == infra::errc::overloaded)
        code = "overloaded";
    else if (f.code() == infra::errc::misconfigured)
        code = "misconfigured";
    else if (f.code() == errc::refused)
        code = "refused";
    else if (f.code() == errc::unauthorized)
        code = "unauthorized";
    else if (f.code() == errc::too_large)
        code = "too_large";
    else if (f.code() == errc::bad_address)
        code = "bad_address";
    else if (f.code() == errc::quota_exceeded)
        code = "quota_exceeded";
    code += " " + f.name() + " " + std::to_string(f.status());
    return code + (f.retryable() ? " later" : "") + (f.uncertain() ? " perhaps" : "");
}

inline std::string verdict(const std::optional<send_error>& e) { return verdict(delivery{.failure = e}); }

} // namespace infra::email::smtp
