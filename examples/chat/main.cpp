/// A chat: rooms over WebSockets, and whoever comes back after a lost connection gets what was said meanwhile.
///
///     GET /          the page; open two, stop the service in between, start it again
///     /ws            channels room:NAME, with who is there and the last 200 messages
///
/// With REDIS_URL it may run on many nodes: rooms, histories and presence are shared.

#include <infra/app.hpp>

namespace {

using namespace std::chrono_literals;
namespace http = infra::http;
namespace realtime = infra::realtime;

constexpr std::string_view rooms = "room:";
constexpr std::size_t longest_name = 64, longest_text = 1000;

realtime::hub_options chat_rooms() {
    return {.channels = {{"room:*", {.history = {.size = 200, .age = 24h}, .presence = true}}},
            // A page makes up a name and brings it as its token. A service with accounts looks at a cookie here.
            .authenticate =
                [](realtime::handshake visitor) {
                    return realtime::identity{.user = visitor.token.substr(0, longest_name)};
                },
            // What is said goes through say(), so that nobody speaks in another's name.
            .authorize =
                [](realtime::access_request a) {
                    return a.channel.starts_with(rooms) && !a.who.user.empty() && a.what != realtime::action::publish;
                }};
}

infra::json::value say(realtime::client_id from, realtime::message what) {
    const auto who = realtime::default_hub().find_client(from);
    const auto* text = what.data.is_object() ? what.data.as_object().if_contains("text") : nullptr;
    if (!what.channel.starts_with(rooms) || !who || who->user.empty())
        throw realtime::failure("forbidden", "only guests with a name speak, and in rooms alone");
    if (!text || !text->is_string() || text->as_string().empty() || text->as_string().size() > longest_text)
        throw realtime::failure("bad_text", "expected a text of 1 to 1000 bytes");
    realtime::publish(what.channel, {.type = "said", .data = {{"who", who->user}, {"text", text->as_string()}}});
    return nullptr;
}

http::response page() {
    auto answer = http::response::file(CHAT_PAGES "/index.html");
    answer.headers.set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'");
    return answer;
}

} // namespace

int main() {
    auto app = infra::app::from_environment({.name = "chat", .realtime = {.hub = chat_rooms()}});
    realtime::on_request("say", say);
    app.http().get("/", page);
    app.http().files("/pages", {.directory = CHAT_PAGES});
    return app.run();
}
