#pragma once

/// A sender made by hand.
///
///     email::mailer mailer({.url = "outbox:/tmp/mail", .from = "Shop <hello@shop.example>"});
///     auto id = co_await mailer.send({.to = "ann@example.org", .subject = "Hi", .body = "Hello"});

#include <infra/base/awaitable.hpp>
#include <infra/base/backoff.hpp>
#include <infra/base/clock.hpp>
#include <infra/email/hooks.hpp>
#include <infra/email/message.hpp>
#include <infra/email/transport.hpp>
#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/environment.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::email {

struct mailer_options {
    /// Where mail goes: a transport, or the URL to make one of. Set at most one; neither means `outbox:var/outbox`.
    std::shared_ptr<email::transport> transport{};
    std::string url{};

    /// For messages whose sender neither they nor their template name.
    std::optional<address> from{};

    /// The directory of `<name>.md`, `<locale>/<name>.md` and `layouts/<name>.html`.
    std::string templates = "emails";

    /// See render_options.
    bool strict = false;

    /// For one message, from rendering to acceptance, all attempts together. Greater than zero.
    std::chrono::milliseconds timeout = std::chrono::seconds(30);

    /// For one attempt. Greater than zero.
    std::chrono::milliseconds attempt_timeout = std::chrono::seconds(10);

    /// How often a message is tried, 1 to 100. Only what may pass is tried again: a rate limit, no connection, a provider out of
    /// order; never a quota, a refusal, or a lost answer of a transport that does not keep keys.
    int attempts = 4;

    /// Between attempts. Where the provider says how long to wait, it is at least that.
    backoff pause = {.type = backoff::kind::exponential,
                     .delay = std::chrono::milliseconds(500),
                     .max = std::chrono::seconds(8),
                     .jitter = 0.5};

    /// Around each mail, in order (hooks.hpp).
    std::vector<before_hook> before{};
    std::vector<after_hook> after{};

    /// Reads what attachment::stored names, `max_bytes` at most; empty: such attachments are refused. An app sets it to its storage.
    std::function<awaitable<std::string>(std::string key, std::size_t max_bytes)> read_stored{};

    /// Words and attachments of one message together, before encoding. Providers take 25 to 40 MB encoded.
    std::size_t max_bytes = 20 * 1024 * 1024;

    /// Markdown of a message's `.body`. Longer takes longer to read, in bad cases with the square of the length; Gmail cuts
    /// mail off at 102 KB of HTML.
    std::size_t max_body_bytes = 128 * 1024;

    /// Where templates are read and bodies rendered; null means default_blocking_pool(). Outlives the mailer.
    blocking_pool* pool = nullptr;

    /// Outlives the mailer.
    clock* time = &real_clock();
};

/// EMAIL_URL and EMAIL_FROM. The rest stays at its defaults.
mailer_options options_from(const environment& variables);

struct load_options {
    std::string locale{};    ///< "de-AT" takes de-AT's file, else de's, else en's, else the one without
    std::string directory{}; ///< empty: the mailer's

    /// The names that data will have: {{"name", "items"}}. Places and sections about others are refused here already, as `strict`
    /// refuses them at rendering: errc::missing_variable lists them all, errc::bad_template also tags that are none. `user`
    /// stands for all in it too, and `user.name` for `user` as well. What a section `{{#items}}` holds is not looked at: it may
    /// be the element's. Nothing given, nothing is refused; an empty list refuses every name.
    std::optional<std::vector<std::string>> expects{};
};

struct send_options {
    /// Instead of mailer_options::timeout from now.
    std::optional<infra::deadline> limit{};
};

struct batch_options {
    /// Send nothing unless all messages can be made: addresses, headers, templates, attachments. Otherwise what is wrong with
    /// one is its own failure. (A provider may still refuse one of them.)
    bool all_or_none = false;

    /// For the whole batch; empty: mailer_options::timeout for each hundred.
    std::optional<infra::deadline> limit{};
};

/// Sends messages.
///
/// Each send is a span, `send email`, and each batch one, `send emails`; a mail counts in emails_sent_total, emails_duplicate_total,
/// emails_stopped_total or emails_failed_total, in emails_retried_total for every further attempt, and in
/// email_send_duration_seconds, by transport. Recipients appear nowhere but as `a…@example.org` in its log line.
///
/// Threads:  a handle; copies share everything, and members may be called from any thread.
/// Errors:   send throws send_error, an infra::error with email::errc or infra::errc that says whether trying again may help;
///           load_template throws infra::error. std::invalid_argument names a bad option, or a message without a recipient
///           or with not exactly one of body, template_name, content and hosted.
/// Cancel:   terminal. The mail may have been accepted; an idempotency key makes trying again safe. Of a batch, hooks and log
///           have told what had become known.
/// Lifetime: none to mind; sends in flight keep what they need.
class mailer {
public:
    explicit mailer(mailer_options options = {});

    /// Returns once the transport has accepted the message, or a hook has stopped it.
    [[nodiscard]] awaitable<message_id> send(message mail, send_options options = {}) const;

    /// Sends many, a hundred at a time where the transport can, and returns what became of each, in their order. Throws only
    /// for what concerns none of them alone, or all: std::invalid_argument, a deadline that has passed before anything was sent, and
    /// under `all_or_none` the first failure.
    [[nodiscard]] awaitable<std::vector<delivery>> send_batch(std::vector<message> mails,
                                                              batch_options options = {}) const;

    /// Reads and takes apart a template. Names are letters, digits, '_' and '-', in parts separated by '/'.
    [[nodiscard]] awaitable<email_template> load_template(std::string name, load_options options = {}) const;

    /// One that sends through the same transport, and tells `hook` as well: for whoever looks on.
    [[nodiscard]] mailer with_after(after_hook hook) const;

    /// As it was made, with the transport that it has.
    const mailer_options& options() const noexcept;

    /// "outbox"
    std::string_view transport_name() const noexcept;

    /// What its transport can do.
    transport_traits traits() const noexcept;

private:
    struct state;
    std::shared_ptr<const state> state_;
};

} // namespace infra::email
