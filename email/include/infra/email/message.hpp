#pragma once

/// What is sent.

#include <infra/base/json.hpp>
#include <infra/email/address.hpp>
#include <infra/email/template.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace infra::email {

/// The id of an accepted message.
using message_id = std::string;

struct attachment {
    std::string filename{};
    std::string content{};      ///< the bytes, not yet encoded
    std::string content_type{}; ///< "image/png"; empty: from the filename's ending
    std::string content_id{};   ///< set: shown inline, where the html says `cid:…`
};

/// The way out of a list, in the fields List-Unsubscribe and List-Unsubscribe-Post: the button "unsubscribe" of Gmail,
/// Yahoo and others, which they ask for in what goes to many. Transactional mail needs none.
struct unsubscribe {
    /// `https://…`, one for each recipient and hard to guess. A POST to it must do it at once, without login and cookies
    /// (RFC 8058); a GET must not, since scanners follow links.
    std::string url{};

    std::string address{}; ///< also takes `unsubscribe` as a mail; empty: no such address
};

/// One message. Its words come from exactly one of `body`, `template_name` and `content`.
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

    std::optional<rendered_email> content{};

    std::vector<attachment> attachments{};

    /// Further header fields, "List-Unsubscribe". Those that the module writes itself are refused.
    std::map<std::string, std::string> headers{};

    /// Set: with a way out of the list, in one click. Sent to one recipient only, who is the one it unsubscribes.
    std::optional<email::unsubscribe> unsubscribe{};

    /// For the sender's statistics, and seen by no recipient: letters, digits, '_' and '-', 256 at most.
    std::map<std::string, std::string> tags{};

    /// At most 256 bytes. A second message with the same key is not sent; its id is the first one's.
    std::string idempotency_key{};
};

} // namespace infra::email
