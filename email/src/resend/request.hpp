#pragma once

/// What is asked of the API: which mails go together, under which key, and in which words. Pure.

#include <infra/base/json.hpp>
#include <infra/email/transport.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace infra::email::resend {

/// The mails of one request, by their places among those that were handed over; one, or a batch.
using group = std::vector<std::size_t>;

/// Every mail in one group, in order. A batch takes no attachments, and has one key for all: so a mail with a key of its own,
/// by which it must be known in other company too, goes alone, and so does a long one.
std::vector<group> grouped(std::span<const mail> mails);

struct request {
    bool is_batch = false;
    std::string path{}; ///< "/emails" or "/emails/batch"
    std::string idempotency_key{};
    std::string body{};
};

/// The same for the same mails: the API refuses a key that comes back with another body.
request request_for(std::span<const mail> mails, const group& of);

/// Keys and their order are those of the API's own clients; what a mail does not have is left out.
json::object to_json(const mail& m);

/// `Ann Lee <ann@example.org>`, `"Lee, Ann" <…>`.
std::string to_text(const address& who);

/// As it is where a header can carry it in 1 to 256 characters, otherwise its hash.
std::string idempotency_key_of(const mail& m);

} // namespace infra::email::resend
