#pragma once

/// What is sent.

#include <infra/base/json.hpp>
#include <infra/base/time.hpp>
#include <infra/email/address.hpp>
#include <infra/email/error.hpp>
#include <infra/email/template.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace infra::email {

/// The id of an accepted message.
using message_id = std::string;

/// A file that comes along. Where it comes from is one of `content`, `file` and `stored`.
struct attachment {
    /// As the recipient sees it, with '_' for each change of direction; empty: the last part of `file` or `stored`.
    std::string filename{};

    std::string content{};      ///< the bytes, not yet encoded
    std::string content_type{}; ///< "image/png"; empty: from the filename's ending
    std::string content_id{};   ///< set: shown inline, where the html says `cid:…`

    std::string file{};   ///< a path, read when the mail is sent
    std::string stored{}; ///< a key, read when the mail is sent through mailer_options::read_stored
};

/// A template that lies with the provider (Resend), by its id there.
struct hosted_template {
    std::string id{};
    json::object variables{}; ///< strings and numbers
};

/// The way out of a list, in the fields List-Unsubscribe and List-Unsubscribe-Post: the button "unsubscribe" of Gmail,
/// Yahoo and others, which they ask for in what goes to many. Transactional mail needs none.
struct unsubscribe {
    /// `https://…`, one for each recipient and hard to guess. A POST to it must do it at once, without login and cookies
    /// (RFC 8058); a GET must not, since scanners follow links.
    std::string url{};

    std::string address{}; ///< also takes `unsubscribe` as a mail; empty: no such address
};

/// One message. Its words come from exactly one of `body`, `template_name`, `content` and `hosted`.
struct message {
    /// Unset: the template's, then mailer_options::from (EMAIL_FROM).
    std::optional<address> from{};
    address_list to{}; ///< at least one; 50 recipients at most with cc and bcc
    address_list cc{};
    address_list bcc{};
    address_list reply_to{};

    std::string subject{}; ///< set: instead of the template's; without any the mail says "(No subject)"

    /// Markdown, without places for values. Do not glue into it what others have typed: it would be read as Markdown.
    /// That is what templates are for.
    std::string body{};

    std::string template_name{}; ///< `<templates>/<name>.md`
    json::object data{};         ///< what is put into it; refused beside `body` and `content`, as `locale` is
    std::string locale{};        ///< "pt-BR" takes pt-BR's file, else pt's, else en's, else the one without

    std::optional<rendered_email> content{}; ///< what render_template made

    /// Only with a transport that has such; `subject` may be left to it.
    std::optional<hosted_template> hosted{};

    std::vector<attachment> attachments{}; ///< bytes, files or keys of the storage

    /// Further header fields, "List-Unsubscribe". Those that the module writes itself are refused.
    std::map<std::string, std::string> headers{};

    /// Set: with a way out of the list, in one click. Sent to one recipient only, who is the one it unsubscribes.
    std::optional<email::unsubscribe> unsubscribe{};

    /// For the sender's statistics, and seen by no recipient: letters, digits, '_' and '-', 256 at most.
    std::map<std::string, std::string> tags{};

    std::string topic_id{}; ///< the provider's list that recipients can leave (Resend)

    /// Not before then; a time that has passed is now. Only with a transport that keeps mail until then (Resend: up to 30 days,
    /// the outbox notes it). Elsewhere deliver_later() does it.
    std::optional<wall_time> scheduled_at{};

    /// At most 256 bytes. A second message with the same key is not sent; its id is the first one's. How long a key is kept
    /// is the transport's: the outbox keeps it for ever, Resend for 24 hours, SMTP not at all. Without one, the module makes
    /// one for each call, so that trying again within the call is safe.
    std::string idempotency_key{};
};

/// What became of one message.
struct delivery {
    message_id id{};                     ///< as the transport knows it, its own or the mail's
    bool duplicate = false;              ///< a mail with its idempotency key had been sent before; `id` is that one's
    bool stopped = false;                ///< by a hook (hooks.hpp): not sent, and no failure
    std::string transport{};             ///< who took it, where that is not the one asked: of a failover list
    std::optional<send_error> failure{}; ///< set: it was not accepted, and nothing above counts
    int attempts = 0;                    ///< how often it was handed over; a transport leaves that to the mailer
};

} // namespace infra::email
