#pragma once

// RESP2 and RESP3 (github.com/redis/redis-specifications, protocol/RESP3.md), from bytes as they come to replies.

#include <infra/redis/reply.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra::redis::detail {

struct parser_limits {
    std::size_t max_bytes = 256 * 1024 * 1024; ///< of one message, in memory
    std::size_t max_depth = 64;                ///< of lists in lists
};

/// Fed with pieces of any length; nothing is looked at twice or moved. What is announced costs nothing until it comes.
///
/// A push inside a reply (Redis 6 does that) comes out before the reply it interrupts.
class parser {
public:
    enum class status : std::uint8_t {
        hungry,    ///< all bytes are used up
        message,   ///< take() it, then feed the rest
        malformed, ///< for good: why() says how
        too_large, ///< for good
    };

    explicit parser(parser_limits limits = {}) : limits_(limits) {}

    /// Takes what it uses off the front of `bytes`.
    status feed(std::string_view& bytes);

    reply&& take() { return std::move(message_); }

    /// What is wrong, with the bytes that are, printable.
    const std::string& why() const noexcept { return why_; }

    /// In the middle of a message.
    bool is_within() const noexcept { return !frames_.empty() || state_ != state::line || !line_.empty(); }

private:
    enum class state : std::uint8_t { line, text, text_end };

    // A list whose members are being read, or a streamed text whose pieces are.
    struct frame {
        reply::kind kind = reply::kind::array;
        bool attribute = false;
        bool streamed = false;
        std::size_t left = 0; ///< members to come, when not streamed
        reply::list items;
    };

    // What became of a step: the next one may follow, or feed() has something to return.
    enum class step : std::uint8_t { on, done, stuck };

    step take_line(std::string_view& bytes);
    step take_text(std::string_view& bytes);
    void make_room(std::size_t more);
    step take_text_end(std::string_view& bytes);
    step interpret(std::string_view line);
    step scalar(char type, std::string_view line);
    step begin_text(char type, std::string_view size);
    step begin_piece(std::string_view size);
    step end_text();
    step begin_list(char type, std::string_view size);
    step end_streamed_list();
    step deliver(reply&& value);
    step close_frame();
    step fail(std::string_view problem, std::string_view what);
    step over();
    bool charge(std::size_t bytes);
    bool is_list_open() const noexcept { return !frames_.empty(); }

    parser_limits limits_;
    state state_ = state::line;
    std::string line_;           // the beginning of a line whose end has not come
    std::string text_;           // the text that is being read
    std::size_t text_left_ = 0;  // bytes of it, or of its piece, to come
    char text_type_ = '$';       // $ ! =
    bool text_streamed_ = false; // in pieces
    std::uint8_t end_seen_ = 0;  // of its CR LF
    std::vector<frame> frames_;
    std::size_t used_ = 0; // bytes in memory of this message
    reply message_;
    std::string why_;
    status failure_ = status::hungry;
};

} // namespace infra::redis::detail
