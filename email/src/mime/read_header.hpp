#pragma once

/// Header fields as header.hpp writes them, read again. Pure. Everything throws infra::errc::invalid_input for what it would not
/// have written.

#include <infra/base/time.hpp>
#include <infra/email/address.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email::mime {

/// Throws what says that a text is not ours, and why.
[[noreturn]] void refuse(std::string_view why);

struct field {
    std::string name;
    std::string value; ///< unfolded, without the space behind the colon
};

/// Takes the fields, and the empty line behind them, off the front of `text`.
std::vector<field> take_fields(std::string_view& text);

/// A subject or a name: what encoded words stand for, else the text itself.
std::string decoded(std::string_view value);

/// `Name <a@b>, c@d`. All are addresses that mail can be sent to.
std::vector<address> mailboxes_in(std::string_view value);

/// `attachment; filename=x`
struct parametrised {
    std::string value;
    std::map<std::string, std::string, std::less<>> parameters;
};
parametrised parameters_in(std::string_view value);

/// `Tue, 03 Nov 2026 04:00:00 +0000`
wall_time date_in(std::string_view value);

} // namespace infra::email::mime
