#include "panel.hpp"

#include <boost/version.hpp>

#include <charconv>
#include <thread>

#include <unistd.h>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_rows = 200;
constexpr std::chrono::minutes link_lasts{15};

std::string host_name() {
    char name[256]{};
    return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

json::object reach_document(const std::string& name, const reach& r) {
    return {{"name", name},
            {"oldest", r.since ? json::value(to_unix_ms(*r.since)) : json::value()},
            {"entries", r.entries},
            {"bytes", r.bytes},
            {"most", r.max_bytes}};
}

json::object settings_document(const settings_source& source, const board_state& state) {
    json::array items;
    for (const auto& each : source.settings())
        items.push_back(document_of(each));
    json::object build;
    for (const auto& [name, text] : source.build)
        build[name] = text;
    json::array kept;
    for (const auto& [name, how_far] : state.reaches)
        kept.push_back(reach_document(name, how_far()));
    json::array warnings;
    for (const auto& each : source.warnings())
        warnings.push_back(json::value(each));
    return {{"items", std::move(items)},
            {"build", std::move(build)},
            {"kept", std::move(kept)},
            {"warnings", std::move(warnings)}};
}

std::uint64_t number(const http::request& r, std::string_view name, std::uint64_t fallback) {
    const auto text = r.query(name);
    std::uint64_t value = fallback;
    if (!text)
        return value;
    const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (failed != std::errc() || end != text->data() + text->size())
        throw http::error_response(422, "invalid_request", "expected a whole number", "/" + std::string(name));
    return value;
}

http::response show_actions(const record& actions, const http::request& r) {
    const auto limit = std::clamp<std::uint64_t>(number(r, "limit", 100), 1, most_rows);
    auto found = actions.before(number(r, "cursor", 0), limit);
    return page_of(std::move(found.items), found.next == 0 ? "" : std::to_string(found.next));
}

} // namespace

json::object document_of(const app::effective_setting& s) {
    return {{"name", s.known->name},
            {"module", s.known->module},
            {"value", s.value},
            {"source", to_string(s.source)},
            {"standard", s.known->secret ? std::string_view() : s.known->fallback},
            {"meaning", s.known->meaning},
            {"secret", s.known->secret},
            {"problem", s.problem}};
}

facts facts_of_build() {
    return {{"infra", INFRA_VERSION},
            {"compiler", __VERSION__},
            {"boost", std::to_string(BOOST_VERSION / 100'000) + "." + std::to_string(BOOST_VERSION / 100 % 1000)},
            {"assertions",
#ifdef NDEBUG
             "off"
#else
             "on"
#endif
            },
            {"cores", std::to_string(std::thread::hardware_concurrency())},
            {"host", host_name()},
            {"process", std::to_string(::getpid())}};
}

void add_settings_panel(const std::shared_ptr<board_state>& state, settings_source source) {
    auto on = state->on();
    const auto weak = std::weak_ptr(state);
    on.page("settings");
    on.show("/settings", [weak, source = std::move(source)](const http::request&) {
        const auto s = weak.lock();
        return http::response::ok(s ? settings_document(source, *s) : json::object());
    });
    on.show("/actions", [weak](const http::request& r) {
        const auto s = weak.lock();
        return s ? show_actions(s->actions(), r) : page_of({}, "");
    });
    on.keeps("actions", [weak] {
        const auto s = weak.lock();
        return s ? s->actions().how_far() : reach{};
    });
    if (state->options().authorize)
        return;
    // A path, since only who asks knows by which name he reaches us.
    on.act(http::method::post, "/login-link", "make a link to log in with",
           [weak](acting, http::request) -> awaitable<http::response> {
               const auto s = weak.lock();
               if (!s)
                   throw error(errc::closed, "the dashboard has ended");
               co_return http::response::created(
                   {{"path", s->login_link("", link_lasts)}, {"seconds", std::chrono::seconds(link_lasts).count()}});
           });
}

} // namespace infra::dashboard
