#pragma once

/// From what a caller wrote to what a transport carries: everything is checked and decided here. Pure.

#include <infra/email/message.hpp>
#include <infra/email/transport.hpp>

#include <cstddef>
#include <optional>

namespace infra::email {

/// std::invalid_argument for a message that no program should have built: no recipient, over 50 of them, not exactly one
/// source of words, an attachment without a name.
void check_shape(const message& m);

/// What the module decides for a message.
struct composition {
    message_id id;
    wall_time date;
    std::optional<address> default_from;
    std::size_t max_bytes;
};

/// Throws errc::no_sender, bad_address, bad_header or too_large. `words` is what the message says.
mail compose(message m, rendered_email words, const composition& c);

/// `a…@example.org`, for logs. Of what is no address nothing is shown.
std::string redacted(const address& who);

} // namespace infra::email
