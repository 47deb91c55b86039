#include "play.hpp"

#include "src/websocket/deflate.hpp"

#include <algorithm>

namespace infra::realtime::websocket::autobahn {
namespace {

constexpr reader_limits roomy{.max_message_bytes = 16 * 1024 * 1024, .max_inflation = 2'000};

/// What the client hears, frame by frame.
class listener {
public:
    explicit listener(link& with) : link_(with) {}

    void until(std::size_t lines) {
        while (got_.heard.size() < lines && !got_.end && !got_.hung_up)
            take();
    }
    outcome until_hung_up() {
        while (!got_.hung_up)
            take();
        return std::move(got_);
    }

private:
    void take() {
        auto bytes = link_.receive();
        got_.hung_up = bytes.empty();
        std::span<char> received(bytes);
        while (const auto e = reader_.next(received)) {
            if (e->what == event::kind::close)
                got_.end = static_cast<unsigned>(e->code);
            else
                got_.heard.push_back(shortened(notation(*e)));
        }
    }

    link& link_;
    frame_reader reader_{roomy, {.deflate = true, .from_client = false}};
    outcome got_;
};

} // namespace

outcome play(const script& s, link& with) {
    listener client(with);
    for (const auto& step : s.steps) {
        for (const auto chop : chops_of(step))
            if (!with.send(chop))
                return client.until_hung_up();
        client.until(step.heard);
    }
    return client.until_hung_up();
}

std::string echo_of(opcode what, std::string_view message, bool deflated) {
    return make_frame(what, deflated ? deflate_message(message) : std::string(message), {.deflated = deflated});
}

std::string verdict(const trial& t, const script& s, const outcome& got) {
    const bool as_wanted = got.heard == s.heard && got.end && std::ranges::count(s.ends, *got.end) > 0 && got.hung_up;
    if (t.informational)
        return "informational";
    if (as_wanted)
        return "pass";
    std::string text = "heard";
    for (const auto& line : got.heard)
        text += " [" + line + "]";
    return text + " and was closed with " + (got.end ? std::to_string(*got.end) : "nothing");
}

} // namespace infra::realtime::websocket::autobahn
