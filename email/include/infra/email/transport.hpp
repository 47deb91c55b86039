#pragma once

/// The seam: how a finished mail leaves the process.
///
///     auto to = email::make_transport("outbox:var/outbox");
///     auto done = co_await to->deliver({mail}, deadline::after(10s));
///
/// What a mail says is decided before: addresses and headers are checked, templates rendered, the id is chosen. A
/// transport carries it, and knows nothing of templates, retries or metrics.

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>
#include <infra/email/error.hpp>
#include <infra/email/message.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// A message with everything decided.
struct mail {
    message_id id{}; ///< ours: a UUIDv7. Its Message-ID is <id@domain of the sender>
    wall_time date{};
    address from{""};
    std::vector<address> to{}, cc{}, bcc{}, reply_to{};
    std::string subject{};
    std::string html{}; ///< may be empty, but not together with text
    std::string text{};
    std::optional<hosted_template> hosted{}; ///< set: instead of subject, html and text, where those are empty
    std::vector<attachment> attachments{};   ///< with their bytes
    std::map<std::string, std::string> headers{};
    std::map<std::string, std::string> tags{};
    std::string topic_id{};
    std::optional<wall_time> scheduled_at{};
    std::string
        idempotency_key{}; ///< the message's; empty: none, and `id` is as good as one while this mail is tried again
    std::string template_name{}; ///< that its words are of, for those who look on; empty: none. No part of the mail
};

/// What names one mail however often it is tried: its idempotency key, or else its id.
inline const std::string& key_of(const mail& m) noexcept {
    return m.idempotency_key.empty() ? m.id : m.idempotency_key;
}

/// What a transport can do. What it cannot is refused before it is asked, with errc::unsupported.
struct transport_traits {
    /// key_of() is known to whoever takes the mail: handing the same over twice sends it once. Only then is a mail whose
    /// answer was lost tried again.
    bool keeps_keys = false;
    bool schedules = false;       ///< mail::scheduled_at
    bool hosts_templates = false; ///< mail::hosted
    bool has_topics = false;      ///< mail::topic_id
    std::size_t max_batch = 100;  ///< mails in one deliver(); at least 1
};

/// Threads:  any member from any thread.
/// Errors:   what concerns one mail is in its delivery; what keeps the transport from working at all is thrown.
/// Cancel:   terminal. A mail under way may or may not be delivered; its idempotency key makes trying again safe.
/// Lifetime: must outlive every awaitable it returned.
class transport {
public:
    virtual ~transport() = default;

    /// A word for metrics and spans: "outbox".
    virtual std::string_view name() const noexcept = 0;

    virtual transport_traits traits() const noexcept = 0;

    /// Hands over all, in order, and returns one delivery for each once it is as safe as the transport can make it. What failed and
    /// may pass comes again in a call of its own, in the same order and with no others, so that a key made of theirs is the same. At `limit`
    /// it returns what it knows: what it has not begun failed with timed_out and is tried again, where an answer is missing the
    /// failure is uncertain. A little later it is cancelled, and then all of them are.
    virtual awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) = 0;
};

/// Makes a transport of its URL, which begins with the scheme it is registered for.
using transport_factory = std::function<std::shared_ptr<transport>(std::string_view url)>;

/// For components that bring a transport; always true, so that a global can be initialised with it.
bool register_transport(std::string scheme, transport_factory factory);

/// The transport for a URL: `outbox:<directory>`, `memory:`, `log:`, or what is linked beside (`resend:`, `smtp://…`). Several
/// URLs with spaces between them are a failover list (failover.hpp). Throws infra::error with infra::errc::misconfigured for
/// an unknown scheme, and never repeats the URL, which may hold a password.
std::shared_ptr<transport> make_transport(std::string_view url);

} // namespace infra::email
