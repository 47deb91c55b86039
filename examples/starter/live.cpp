#include "live.hpp"

namespace starter {
namespace {

using namespace std::chrono_literals;
namespace http = infra::http;
namespace realtime = infra::realtime;

constexpr auto signups = "signups";

http::response page(const std::string& path) {
    auto answer = http::response::file(path);
    // Names are anybody's words: even if one got into the page as markup, nothing of it would run.
    answer.headers.set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'");
    answer.headers.set("Cache-Control", "no-cache");
    return answer;
}

} // namespace

realtime::hub_options live_channels() {
    return {
        .channels = {{signups, {.history = {.size = 100, .age = 24h}, .on_overflow = realtime::overflow::drop_oldest}}},
        .authorize = [](realtime::access_request a) {
            return a.channel == signups &&
                   (a.what == realtime::action::subscribe || a.what == realtime::action::history);
        }};
}

void announce(const signup& who) {
    const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
    realtime::publish(signups,
                      {.type = "signed-up", .data = {{"name", who.name}, {"at", now.time_since_epoch().count()}}});
}

void add_live_page(http::router& routes, const std::string& directory) {
    routes.get("/", [file = directory + "/index.html"] { return page(file); });
    routes.files("/pages", {.directory = directory});
}

} // namespace starter
