#pragma once

/// What a server says. Pure.

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace infra::email::smtp {

/// RFC 5321, section 4.2: a code of three digits, and text, of perhaps several lines.
struct reply {
    int code = 0;
    std::string text{}; ///< lines joined by LF

    bool positive() const noexcept { return code / 100 == 2; }

    /// RFC 3463: "5.1.1", where the text begins with one that fits the code; else empty.
    std::string_view enhanced() const noexcept;
};

/// What can never become a reply: text without a code, lines of different codes, more than anybody would say.
struct malformed : std::runtime_error {
    malformed() : std::runtime_error("malformed") {}
};

/// Takes the reply off the front of `bytes`; nothing if it is not whole yet. Throws malformed.
std::optional<reply> take_reply(std::string& bytes);

/// What the answer to EHLO offers.
struct capabilities {
    bool pipelining = false;
    bool auth = false;
    bool size = false;
    std::size_t max_size = 0; ///< of a message; 0: not said
};

capabilities capabilities_in(const reply& to_ehlo);

} // namespace infra::email::smtp
