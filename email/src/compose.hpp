#pragma once

/// From what a caller wrote to what a transport carries: everything is checked and decided here. Pure.

#include <infra/email/message.hpp>
#include <infra/email/transport.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace infra::email {

/// std::invalid_argument for a message that no program should have built: no recipient, over 50 of them, not exactly one
/// source of words, an attachment without a name or with two sources.
void check_shape(const message& m);

/// The name that recipients see, given or that of the file or key.
std::string filename_of(const attachment& a);

/// What the module decides for a message.
struct composition {
    message_id id;
    wall_time date;
    std::optional<address> default_from;
    std::size_t max_bytes;
};

/// Throws errc::no_sender, or as check_mail() does. `words` is what the message says, unless it is hosted; attachments have
/// their bytes.
mail compose(message m, rendered_email words, const composition& c);

/// `a…@example.org`, for logs. Of what is no address nothing is shown.
std::string redacted(const address& who);

} // namespace infra::email
