#pragma once

/// Mail that is only told of, in the log: for development, and for jobs that are tried out.
///
///     EMAIL_URL="log:?text=yes"      # the terminal shows what people would read, links to sign in included

#include <infra/email/transport.hpp>

#include <memory>

namespace infra::email {

struct log_options {
    /// Tell subject and text as well, of which the text is cut off after 16 KiB. They are about people: not for logs that others
    /// keep. `log:?text=yes`
    bool text = false;
};

/// Accepts everything, sends nothing, and writes one line at level info for each mail: its id, the first recipient as
/// `a…@example.org`, how many there are, the number of attachments and the time it is scheduled for.
std::shared_ptr<transport> make_log_transport(log_options options = {});

} // namespace infra::email
