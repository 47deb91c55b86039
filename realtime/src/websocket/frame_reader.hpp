#pragma once

// RFC 6455 from bytes to messages.
//
//     frame_reader reader(limits, {.deflate = true});
//     while (auto e = reader.next(received))             // takes from the front of `received`, and writes into it: masks are taken off in place
//         switch (e->what) { … }
//
// Pure: no I/O. A message that has come whole is a view of what was received; the reader holds memory only in between.

#include <infra/realtime/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace infra::realtime::websocket {

/// What those of a server have in common.
struct reader_limits {
    std::size_t max_message_bytes = 64 * 1024; ///< all fragments together, and inflated
    double max_inflation = 10;                 ///< see inflation_limits
};

/// What one connection has agreed on.
struct reader_terms {
    bool deflate = false;    ///< permessage-deflate
    bool from_client = true; ///< frames must be masked; otherwise they must not be
};

struct event {
    /// `empty_fragment`: a frame that begins or continues a message, and brings nothing; the limits do not bound how many.
    /// `violation`: the connection is to be failed with `code`; `bytes` say why, in words that may be sent.
    enum class kind : std::uint8_t { text, binary, empty_fragment, ping, pong, close, violation };

    kind what{};
    std::string_view bytes{};                ///< good until the next call of the reader, and while what was received is
    close_code code = close_code::no_status; ///< of `close`, whose `bytes` are the reason, and of `violation`
};

/// After `close` and `violation` it reads no more: what follows is passed over.
///
/// What is wrong is said as soon as it is known: a header's faults before its payload has come, a message over the limit before its first byte
/// is stored, a text that is not UTF-8 at the first wrong byte (of a compressed one, when all is there).
///
/// Threads:  one.
/// Lifetime: `limits` outlive it.
class frame_reader {
public:
    explicit frame_reader(const reader_limits& limits, reader_terms terms = {}) noexcept;
    frame_reader(reader_limits&&, reader_terms = {}) = delete;
    ~frame_reader();
    frame_reader(frame_reader&&) noexcept;
    frame_reader& operator=(frame_reader&&) noexcept;

    /// Nothing: `received` is used up, and more must come.
    std::optional<event> next(std::span<char>& received);

    /// Within a frame or a message.
    bool is_idle() const noexcept { return !progress_; }

private:
    struct head;
    struct progress;

    std::string_view take_header(std::span<char>& received);
    std::optional<event> fault_of(unsigned first, unsigned second) noexcept;
    std::optional<event> fault_of(const head& h) noexcept;
    bool is_whole(const head& h, std::span<char> received) const noexcept;
    std::optional<event> take_whole(const head& h, std::span<char> payload);
    void begin_frame(const head& h);
    std::optional<event> take_payload(std::span<char>& received);
    std::optional<event> end_frame();
    event take_message(bool text, bool deflated, std::string_view payload);
    event take_control(const head& h, std::string_view payload) noexcept;
    event take_close(std::string_view payload) noexcept;
    event violation(close_code code, std::string_view why) noexcept;
    progress& in_progress();
    void let_go() noexcept;

    std::unique_ptr<progress> progress_;
    const reader_limits* limits_;
    reader_terms terms_;
    bool ended_ = false;
};

static_assert(sizeof(frame_reader) <= 32, "there is one for each connection");

} // namespace infra::realtime::websocket
