#pragma once

/// What is told of a mail once it is known what became of it: to logs, metrics and hooks.

#include "setup.hpp"

#include <infra/email/message.hpp>
#include <infra/email/transport.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace infra::email {

/// What may be told of a message; of its recipients only how many they are, and the first as `a…@example.org`.
struct description {
    explicit description(const message& m);
    void look_at(const mail& m); ///< again: a hook has changed its recipients

    std::string template_name;
    std::string to;
    std::size_t recipients;
};

/// A log line and the counters. `id`: the mail's, where the delivery has none.
void tell(const mailer_setup& with, const description& of, const message_id& id, const delivery& done, double seconds);

/// One that throws costs itself only.
void tell(const std::vector<after_hook>& hooks, const mail& of, const delivery& done);

/// HTML that Gmail would cut off.
void warn_if_clipped(const mail& m);

} // namespace infra::email
