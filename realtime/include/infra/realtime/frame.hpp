#pragma once

/// A message that was encoded once and is shared by all who get it.
///
///     frame hello = make_frame({.type = "hello"});
///     hello.text();            // the JSON
///     hello.websocket();       // the same, as a text frame of RFC 6455: header and payload in one piece
///
/// A server's frames are not masked, so one encoding serves every client of a channel, compressed or not.

#include <infra/base/shared_bytes.hpp>
#include <infra/realtime/channel.hpp>
#include <infra/realtime/message.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace infra::realtime {

/// What a frame is besides its text. `channel` is null for what is sent to one client, or to all.
struct frame_facts {
    std::shared_ptr<const channel_facts> channel{}; ///< whose policy holds when a client is slow
    std::uint64_t offset = 0;                       ///< in the channel's history; 0 where none is kept
    std::string key{};    ///< of overflow::keep_latest: a later one of the same key takes its place
    bool control = false; ///< answers, gap notices and the like: never dropped
};

/// Threads:  as a shared_ptr to something constant; encodings that are made later are made once.
/// Lifetime: the bytes live as long as any copy.
class frame {
public:
    frame() noexcept = default;
    frame(std::string_view text, frame_facts facts);

    explicit operator bool() const noexcept { return body_ != nullptr; }
    std::string_view text() const noexcept;
    std::string_view websocket() const noexcept;
    const frame_facts& facts() const noexcept;
    std::size_t size() const noexcept { return websocket().size(); } ///< what is sent of it

    /// Another encoding of the same message, made by `make(text)` the first time anybody asks (others wait for it), then shared.
    /// What `make` throws goes to whoever asked, and the next one tries again.
    enum class encoding : std::uint8_t { deflated, event };
    std::string_view encoded(encoding as, std::string (*make)(const frame&)) const;

private:
    struct body;
    std::shared_ptr<const body> body_;
};

frame make_frame(const message& m, frame_facts facts = {});

} // namespace infra::realtime
