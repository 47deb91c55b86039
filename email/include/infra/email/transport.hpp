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
    std::vector<attachment> attachments{};
    std::map<std::string, std::string> headers{};
    std::map<std::string, std::string> tags{};
    std::string idempotency_key{}; ///< empty: none
};

/// What became of one mail.
struct delivery {
    message_id id{};                     ///< as the transport knows it, its own or the mail's
    bool duplicate = false;              ///< its idempotency key was there already; `id` is that of the first mail
    std::optional<send_error> failure{}; ///< set: it was not accepted, and nothing above counts
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

    /// Hands over all, in order, and returns one delivery for each once it is as safe as the transport can make it.
    virtual awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) = 0;
};

/// Makes a transport of its URL, which begins with the scheme it is registered for.
using transport_factory = std::function<std::shared_ptr<transport>(std::string_view url)>;

/// For components that bring a transport; always true, so that a global can be initialised with it.
bool register_transport(std::string scheme, transport_factory factory);

/// The transport for a URL: `outbox:<directory>`, or what is linked beside. Throws infra::error with
/// infra::errc::misconfigured for an unknown scheme, and never repeats the URL, which may hold a password.
std::shared_ptr<transport> make_transport(std::string_view url);

} // namespace infra::email
