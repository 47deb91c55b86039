#pragma once

/// Submission servers of EMAIL_URL: do they answer, secure what is said, and let us log in.

#include "check.hpp"

#include <infra/email/smtp.hpp>

#include <optional>
#include <set>

namespace infra::cli::doctor {

/// A reply, all of its lines: `250-mail.example` … `250 STARTTLS`.
struct smtp_reply {
    int code = 0;
    std::vector<std::string> lines{}; ///< without their codes
};

/// Adds a line to a reply; whether it was the last. What is no line of a reply leaves the code 0.
bool add_line(smtp_reply& to, std::string_view line);

/// The words that a server's EHLO names, in capitals: STARTTLS, "AUTH PLAIN", …
std::set<std::string> capabilities_of(const smtp_reply& ehlo);

struct smtp_facts {
    std::string about{};   ///< host:port
    std::string problem{}; ///< why there was no conversation
    std::string refused{}; ///< what the greeting or EHLO was answered with
    email::smtp_tls tls = email::smtp_tls::starttls;
    bool offers_starttls = true;
    std::string tls_problem{};
    bool wants_login = false;
    bool offers_login = true;
    std::optional<std::string> login_refused{}; ///< set: it was tried; empty: and done
};

findings judge_smtp(const smtp_facts& facts);

std::string no_smtp(const situation& at);
awaitable<findings> look_at_smtp(situation at);

} // namespace infra::cli::doctor
