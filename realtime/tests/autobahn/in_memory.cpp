#include "play.hpp"

#include "src/websocket/deflate.hpp"
#include "src/websocket/extension_offer.hpp"

namespace infra::realtime::websocket::autobahn {
namespace {

constexpr reader_limits roomy{.max_message_bytes = 16 * 1024 * 1024, .max_inflation = 2'000};

class echo final : public link {
public:
    explicit echo(const std::string& offer) : terms_(accept_deflate(offer)) {}

    bool send(std::string_view bytes) override {
        std::string copy(bytes);
        std::span<char> received(copy);
        while (const auto e = reader_.next(received))
            answer(*e);
        return !ended_;
    }

    std::string receive() override { return std::exchange(said_, {}); }

private:
    void answer(const event& e) {
        switch (e.what) {
        case event::kind::text: return say(opcode::text, e.bytes);
        case event::kind::binary: return say(opcode::binary, e.bytes);
        case event::kind::empty_fragment: return;
        case event::kind::ping: said_ += make_frame(opcode::pong, e.bytes); return;
        case event::kind::pong: return;
        case event::kind::close:
        case event::kind::violation:
            said_ += make_close_frame(e.code, e.what == event::kind::violation ? e.bytes : "");
            ended_ = true;
        }
    }

    void say(opcode what, std::string_view message) {
        said_ += echo_of(what, message, terms_ && terms_->allow(message.size()));
    }

    std::optional<deflate_terms> terms_;
    frame_reader reader_{roomy, {.deflate = terms_.has_value()}};
    std::string said_;
    bool ended_ = false;
};

} // namespace

std::unique_ptr<link> in_memory(const std::string& offer) { return std::make_unique<echo>(offer); }

} // namespace infra::realtime::websocket::autobahn
