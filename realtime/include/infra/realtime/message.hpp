#pragma once

/// What is said: a type, the channel it belongs to, and data.
///
///     realtime::message said{.type = "said", .data = {{"text", "Hello!"}}};
///     to_text(said);                                    // {"type":"said","data":{"text":"Hello!"}}
///     parse_client_message(text);                       // what a client said, or why it is none

#include <infra/base/json.hpp>
#include <infra/realtime/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace infra::realtime {

using client_id = std::string;

/// One message. `data` is JSON's null when there is none.
/// (Not an optional: `optional<json::value>` takes one pair of braces away, and `{{"text", "Hi"}}` becomes an array.)
struct message {
    std::string type{};
    std::string channel{};
    json::value data{};

    friend bool operator==(const message&, const message&) = default;
};

/// A place in a channel's history. Offsets count a channel's messages from 1; they mean something only within the epoch, which is new when the
/// history has been lost.
struct position {
    std::string epoch{};
    std::uint64_t offset = 0;

    friend bool operator==(const position&, const position&) = default;
};

/// What a client may send, with the members of the protocol beside (README, "The protocol"). Unknown members are ignored.
struct client_message {
    message what{};
    std::string
        ref{}; ///< the client's name for this question; its answer carries it. At most 64 bytes; a number is taken as text
    std::string token{};             ///< that opens the channel, or proves who this is
    std::optional<position> since{}; ///< the last place the client has seen
    json::value info{};              ///< what others shall know of it: presence
};

/// Why a text is no message, for the sentence of the error.
struct bad_message {
    std::string why{}; ///< names the member, never its value
    std::string ref{}; ///< that of the text, where it has one: its error carries it
};

/// Bounds: `max_depth` levels of JSON; everything else is bounded by the text's length, which the transport bounds.
/// Errors: none but bad_alloc, whatever the text.
std::variant<client_message, bad_message> parse_client_message(std::string_view text, std::size_t max_depth = 32);

/// One line of JSON, always valid UTF-8; a channel that is empty and data that is null are left out.
std::string to_text(const message& m);
/// With what history adds: `"offset"`.
std::string to_text(const message& m, std::uint64_t offset);
/// With the `ref` of a question, or of what is answered; left out when empty.
std::string to_text(const message& m, std::string_view ref);
/// As a client sends it: with all its members that are not empty.
std::string to_text(const client_message& m);

/// Types that the protocol itself gives a meaning: what a server says with them, nobody may publish.
bool is_reserved_type(std::string_view type) noexcept;

} // namespace infra::realtime
