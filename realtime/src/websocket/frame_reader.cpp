#include "frame_reader.hpp"

#include "deflate.hpp"
#include "frame_writer.hpp"
#include "mask.hpp"
#include "utf8_check.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace infra::realtime::websocket {
namespace {

constexpr std::string_view not_utf8 = "a text is not UTF-8";

std::string_view view(std::span<const char> bytes) noexcept { return {bytes.data(), bytes.size()}; }

bool is_utf8(std::string_view text) noexcept {
    utf8_check check;
    return check.feed(text) && check.is_complete();
}

std::uint64_t big_endian(std::string_view bytes) noexcept {
    std::uint64_t number = 0;
    for (const char c : bytes)
        number = number << 8 | static_cast<unsigned char>(c);
    return number;
}

std::size_t length_width(unsigned second) noexcept {
    const auto length = second & 0x7F;
    return length == 126 ? 2 : length == 127 ? 8 : 0;
}

/// How many bytes the header has that begins so: the first two say it.
std::size_t header_size(std::string_view begin) noexcept {
    if (begin.size() < 2)
        return 2;
    const auto second = static_cast<unsigned char>(begin[1]);
    return 2 + length_width(second) + (second & 0x80 ? 4 : 0);
}

} // namespace

struct frame_reader::head {
    explicit head(std::string_view header) noexcept {
        const auto first = static_cast<unsigned char>(header[0]);
        const auto second = static_cast<unsigned char>(header[1]);
        what = static_cast<opcode>(first & 0x0F);
        last = first & 0x80;
        deflated = first & 0x40;
        width = length_width(second);
        length = width ? big_endian(header.substr(2, width)) : second & 0x7F;
        if (second & 0x80)
            std::ranges::copy(header.substr(2 + width), key.begin());
    }
    bool is_of_shortest_form() const noexcept { return width == 0 || (width == 2 ? length >= 126 : length >= 65536); }

    opcode what{};
    bool last = false;
    bool deflated = false;
    std::size_t width = 0; ///< of the length, where it is not in the second byte
    std::uint64_t length = 0;
    std::array<char, 4> key{};
};

/// What a connection remembers from one read to the next, when that ended within a message.
struct frame_reader::progress {
    std::array<char, 14> header{};
    std::uint8_t header_bytes = 0;

    std::optional<head> frame{}; ///< whose payload is being read
    std::uint64_t left = 0;      ///< bytes of it
    std::string control{};       ///< payload of a control frame, which may come between fragments

    bool in_message = false;
    bool text = false;
    bool deflated = false;
    std::uint64_t announced = 0; ///< bytes, by the headers of all its frames so far
    utf8_check utf8{};
    std::string message{};
};

frame_reader::frame_reader(const reader_limits& limits, reader_terms terms) noexcept
    : limits_(&limits), terms_(terms) {}
frame_reader::~frame_reader() = default;
frame_reader::frame_reader(frame_reader&&) noexcept = default;
frame_reader& frame_reader::operator=(frame_reader&&) noexcept = default;

frame_reader::progress& frame_reader::in_progress() {
    if (!progress_)
        progress_ = std::make_unique<progress>();
    return *progress_;
}

// The last event's bytes are not needed any more.
void frame_reader::let_go() noexcept {
    if (!progress_)
        return;
    if (ended_ || (!progress_->in_message && !progress_->frame && progress_->header_bytes == 0))
        progress_.reset();
}

std::optional<event> frame_reader::next(std::span<char>& received) {
    let_go();
    while (!ended_ && !received.empty()) {
        if (!progress_ || !progress_->frame) {
            const auto header = take_header(received);
            if (header.size() >= 2)
                if (auto fault = fault_of(static_cast<unsigned char>(header[0]), static_cast<unsigned char>(header[1])))
                    return fault;
            if (header.size() < header_size(header))
                return std::nullopt;
            const head h(header);
            if (auto fault = fault_of(h))
                return fault;
            if (progress_)
                progress_->header_bytes = 0;
            if (is_whole(h, received)) {
                const auto payload = received.first(static_cast<std::size_t>(h.length));
                received = received.subspan(payload.size());
                return take_whole(h, payload);
            }
            begin_frame(h);
        }
        if (auto e = take_payload(received))
            return e;
    }
    if (ended_)
        received = {};
    return std::nullopt;
}

// All of the header, or as much as there is, which is kept.
std::string_view frame_reader::take_header(std::span<char>& received) {
    if (!progress_ || progress_->header_bytes == 0) {
        const auto size = header_size(view(received));
        if (received.size() >= size) {
            const auto header = view(received.first(size));
            received = received.subspan(size);
            return header;
        }
    }
    auto& p = in_progress();
    const auto so_far = [&] { return std::string_view(p.header.data(), p.header_bytes); };
    while (!received.empty() && p.header_bytes < header_size(so_far())) {
        p.header[p.header_bytes++] = received.front();
        received = received.subspan(1);
    }
    return so_far();
}

std::optional<event> frame_reader::fault_of(unsigned first, unsigned second) noexcept {
    const auto protocol_error = [this](std::string_view why) { return violation(close_code::protocol_error, why); };
    const auto what = first & 0x0F;
    const bool control = what & 8;
    const bool in_message = progress_ && progress_->in_message;
    if (first & 0x30)
        return protocol_error("a reserved bit is set");
    if ((what > 2 && what < 8) || what > 10)
        return protocol_error("the opcode is reserved");
    if (first & 0x40 && (!terms_.deflate || control || what == 0))
        return protocol_error("the bit of compressed messages is set where it may not be");
    if (bool(second & 0x80) != terms_.from_client)
        return protocol_error(terms_.from_client ? "a frame is not masked" : "a frame is masked");
    if (control && !(first & 0x80))
        return protocol_error("a control frame is fragmented");
    if (control && (second & 0x7F) > max_control_payload)
        return protocol_error("a control frame is longer than 125 bytes");
    if (what == 0 && !in_message)
        return protocol_error("a continuation continues nothing");
    if (what != 0 && !control && in_message)
        return protocol_error("a message begins within another");
    return std::nullopt;
}

std::optional<event> frame_reader::fault_of(const head& h) noexcept {
    if (h.length >> 63)
        return violation(close_code::protocol_error, "a length has its first bit set");
    if (!h.is_of_shortest_form())
        return violation(close_code::protocol_error, "a length is not in its shortest form");
    if (is_control(h.what))
        return std::nullopt;
    const bool goes_on = h.what == opcode::continuation;
    const bool deflated = goes_on ? progress_->deflated : h.deflated;
    const auto before = goes_on ? progress_->announced : 0;
    const auto most = deflated ? longest_deflated(limits_->max_message_bytes) : limits_->max_message_bytes;
    if (h.length > most - before)
        return violation(close_code::too_big, "a message is over the limit");
    return std::nullopt;
}

// A frame that is an event of its own, and all there.
bool frame_reader::is_whole(const head& h, std::span<char> received) const noexcept {
    return h.length <= received.size() && (is_control(h.what) || (h.last && h.what != opcode::continuation));
}

std::optional<event> frame_reader::take_whole(const head& h, std::span<char> payload) {
    if (terms_.from_client)
        unmask(payload, h.key, 0);
    if (is_control(h.what))
        return take_control(h, view(payload));
    const bool text = h.what == opcode::text;
    if (text && !h.deflated && !is_utf8(view(payload)))
        return violation(close_code::invalid_payload, not_utf8);
    return take_message(text, h.deflated, view(payload));
}

void frame_reader::begin_frame(const head& h) {
    auto& p = in_progress();
    p.frame = h;
    p.left = h.length;
    if (is_control(h.what))
        return p.control.clear();
    if (h.what != opcode::continuation) {
        p.in_message = true;
        p.text = h.what == opcode::text;
        p.deflated = h.deflated;
    }
    p.announced += h.length;
}

std::optional<event> frame_reader::take_payload(std::span<char>& received) {
    auto& p = *progress_;
    const auto piece = received.first(static_cast<std::size_t>(std::min<std::uint64_t>(p.left, received.size())));
    received = received.subspan(piece.size());
    if (terms_.from_client)
        unmask(piece, p.frame->key, static_cast<std::size_t>(p.frame->length - p.left));
    p.left -= piece.size();
    if (is_control(p.frame->what)) {
        p.control += view(piece);
    } else {
        if (p.text && !p.deflated && !p.utf8.feed(view(piece)))
            return violation(close_code::invalid_payload, not_utf8);
        p.message += view(piece);
    }
    return p.left == 0 ? end_frame() : std::nullopt;
}

std::optional<event> frame_reader::end_frame() {
    auto& p = *progress_;
    const auto frame = *std::exchange(p.frame, std::nullopt);
    if (is_control(frame.what))
        return take_control(frame, p.control);
    if (!frame.last)
        return frame.length == 0 ? std::optional(event{.what = event::kind::empty_fragment}) : std::nullopt;
    p.in_message = false;
    if (p.text && !p.utf8.is_complete())
        return violation(close_code::invalid_payload, not_utf8);
    const auto whole = p.deflated ? std::exchange(p.message, {}) : std::string();
    return take_message(p.text, p.deflated, p.deflated ? whole : p.message);
}

event frame_reader::take_message(bool text, bool deflated, std::string_view payload) {
    if (deflated) {
        auto& inflated = in_progress().message;
        switch (inflate_message(payload, {limits_->max_message_bytes, limits_->max_inflation}, inflated)) {
        case inflation::done: break;
        case inflation::too_big: return violation(close_code::too_big, "a message is over the limit when inflated");
        case inflation::malformed: return violation(close_code::invalid_payload, "a message cannot be inflated");
        }
        if (text && !is_utf8(inflated))
            return violation(close_code::invalid_payload, not_utf8);
        payload = inflated;
    }
    return {.what = text ? event::kind::text : event::kind::binary, .bytes = payload};
}

event frame_reader::take_control(const head& h, std::string_view payload) noexcept {
    if (h.what == opcode::close)
        return take_close(payload);
    return {.what = h.what == opcode::ping ? event::kind::ping : event::kind::pong, .bytes = payload};
}

event frame_reader::take_close(std::string_view payload) noexcept {
    if (payload.size() == 1)
        return violation(close_code::protocol_error, "a close frame has half a code");
    const auto reason = payload.substr(std::min<std::size_t>(2, payload.size()));
    auto code = close_code::no_status;
    if (!payload.empty()) {
        const auto number = static_cast<std::uint16_t>(big_endian(payload.substr(0, 2)));
        if (!is_sendable(number))
            return violation(close_code::protocol_error, "a close code may not be sent");
        code = static_cast<close_code>(number);
    }
    if (!is_utf8(reason))
        return violation(close_code::invalid_payload, "the reason of a close frame is not UTF-8");
    ended_ = true;
    return {.what = event::kind::close, .bytes = reason, .code = code};
}

event frame_reader::violation(close_code code, std::string_view why) noexcept {
    ended_ = true;
    return {.what = event::kind::violation, .bytes = why, .code = code};
}

} // namespace infra::realtime::websocket
