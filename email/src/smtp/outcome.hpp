#pragma once

/// What became of a mail that was not accepted: from a server's answer, or its absence, to send_error. Pure.

#include "envelope.hpp"
#include "reply.hpp"

#include <infra/email/error.hpp>

#include <curl/curl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email::smtp {

/// How far a mail has come.
enum class step : std::uint8_t {
    waiting,    ///< for a free connection
    connecting, ///< name, TCP, greeting, TLS, log-in
    sender,     ///< MAIL
    recipients, ///< RCPT
    content,    ///< DATA and the message
    acceptance, ///< the message has been sent whole, with the line that ends it
};

/// What sentences are about, and what they must not say.
struct subject {
    std::string host{};
    bool keeps_keys = false;
    std::vector<std::string> secrets{}; ///< user, password, addresses and their local parts
};

subject about(std::string host, bool keeps_keys, const envelope& e, std::vector<std::string> further);

/// A server's text less what may be somebody's address or a secret: one line, ASCII, 200 characters at most.
std::string without_secrets(std::string_view text, const std::vector<std::string>& secrets);

/// Of an attempt to connect that libcurl has ended.
struct connect_end {
    CURLcode code = CURLE_OK;
    std::string_view detail{}; ///< libcurl's own words; may be empty
    reply last{};              ///< the server's last answer; code 0: there was none
    bool malformed = false;    ///< what came was no answer
    bool logs_in = false;      ///< a user was given
};

/// Nothing if it succeeded, log-in included.
std::optional<send_error> connect_failure(const connect_end& end, const subject& of);

/// An answer that is not the one hoped for. `what` was not taken: "the sender".
send_error refusal(step at, const reply& answer, const std::string& what, const subject& of);

/// What the answers to introductions() come to: nothing where all are taken. Fewer answers than commands: a 421 was the last.
std::optional<send_error> refused_introduction(const std::vector<reply>& answers, const envelope& e, const subject& of);

enum class interruption : std::uint8_t { lost, malformed, timed_out };

/// An answer that did not come, or was none.
send_error interrupted(step at, interruption how, const subject& of);

/// Over what the server says it takes.
send_error over_size(std::size_t size, std::size_t limit, const subject& of);

} // namespace infra::email::smtp
