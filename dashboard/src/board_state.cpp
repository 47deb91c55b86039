#include "board_state.hpp"

#include "answers.hpp"

#include <infra/base/context.hpp>
#include <infra/base/with_deadline.hpp>

#include <algorithm>
#include <charconv>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr auto time_to_show = 5s;
constexpr auto time_to_act = 30s;
constexpr std::string_view api = "/api";

bool is_path(std::string_view path) noexcept {
    return path.size() > 1 && path.size() <= 200 && path.starts_with('/') && !path.ends_with('/') &&
           path.find("//") == std::string_view::npos && std::ranges::all_of(path, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("/-_.~").find(c) != std::string_view::npos;
           });
}

dashboard_options checked(dashboard_options o) {
    const auto refuse = [](const char* sentence) { throw std::invalid_argument(sentence); };
    if (!is_path(o.path))
        refuse("dashboard_options::path must begin and not end with '/', and hold only letters, digits and '/-_.~'");
    if (o.session < 1s)
        refuse("dashboard_options::session must be at least 1 s");
    if (o.max_viewers < 1)
        refuse("dashboard_options::max_viewers must be at least 1");
    if (!o.time)
        refuse("dashboard_options::time must not be null");
    return o;
}

std::string trace_here() {
    const auto span = current_span();
    const auto digits = to_hex(span.trace);
    return span.valid() ? std::string(digits.data(), digits.size()) : std::string();
}

std::string_view to_string(role r) noexcept {
    return r == role::operate ? "operate" : r == role::read ? "read" : "none";
}

// A browser's link that was followed, not a picture or a frame of another site's page: such could use up what may be wrong.
bool is_visit(const http::request& r) noexcept {
    const auto says = [&r](std::string_view field, std::string_view wanted) {
        const auto said = r.headers().get(field);
        return !said || *said == wanted;
    };
    return says("Sec-Fetch-Mode", "navigate") && says("Sec-Fetch-Dest", "document");
}

http::response dashboard_gone() { return http::response::error(503, "unavailable", "the dashboard has ended"); }

} // namespace

struct board_state::deed {
    std::string what;
    http::method how;
};

std::shared_ptr<board_state> board_state::open(http::router& routes, dashboard_options options, surroundings around) {
    auto checked_options = checked(std::move(options));
    auto group = routes.group(checked_options.path);
    std::shared_ptr<board_state> made(new board_state(std::move(group), std::move(checked_options), std::move(around)));
    made->add_own_routes();
    return made;
}

board_state::board_state(http::router routes, dashboard_options options, surroundings around)
    : routes_(std::move(routes)),
      options_(std::make_shared<const dashboard_options>(std::move(options))),
      around_(std::move(around)),
      log_ins_(*options_->time, options_->session),
      wrong_(*options_->time),
      live_(*options_->time, options_->max_viewers),
      feed_(*options_->time),
      record_(options_->kept.actions),
      site_(assets(), options_->path) {}

// A plain handler that is answered while this lives.
template <class Answer>
auto board_state::here(Answer answer) {
    return [weak = weak_from_this(), answer = std::move(answer)](const http::request& r) {
        const auto self = weak.lock();
        return sealed(self ? answer(*self, r) : dashboard_gone());
    };
}

void board_state::add_own_routes() {
    const auto index = here([](board_state& self, const http::request& r) {
        return self.if_welcome(need::page, r, [&self](const http::request& asked) { return self.site_.index(asked); });
    });
    routes_.get("", index);
    routes_.get("/", index);
    routes_.get("/assets/{name}", here([](board_state& self, const http::request& r) {
                    return self.if_welcome(need::page, r, [&self](const http::request& asked) {
                        return self.site_.file(asked, asked.param("name"));
                    });
                }));
    routes_.get("/login", here([](board_state& self, const http::request& r) { return self.log_in(r); }));
    const auto weak = weak_from_this();
    routes_.get("/api/live", [weak](http::request r) -> awaitable<http::response> {
        const auto self = weak.lock();
        co_return sealed(self ? self->open_stream(std::move(r)) : dashboard_gone());
    });
    routes_.any("/api/{rest...}", here([](board_state& self, const http::request& r) {
                    return self.if_welcome(need::read, r,
                                           [](const http::request&) { return http::response::not_found(); });
                }));
    add_show("/session", [this](http::request r) -> awaitable<http::response> {
        co_return http::response::ok(session_document(r));
    });
    add_act(http::method::delete_, "/session", "log out",
            board::action([this](acting, http::request r) -> awaitable<http::response> { co_return log_out(r); }));
    live_.add_pieces("feed", [weak](const http::request&, std::uint64_t since) -> awaitable<pieces> {
        const auto self = weak.lock();
        co_return self ? self->feed_.after(since) : pieces{.next = since};
    });
}

http::response board_state::if_welcome(need wanted, const http::request& r,
                                       const std::function<http::response(const http::request&)>& answer) const {
    const auto found = judge(shown_by(r), wanted);
    return found == verdict::welcome ? answer(r) : refusal(found);
}

// A stream lasts for as long as its viewer would be let in anew, not for as long as a page stays open.
http::response board_state::open_stream(http::request r) try {
    if (const auto found = judge(shown_by(r), need::live); found != verdict::welcome)
        return refusal(found);
    auto topics = r.query_all("topic");
    auto tab = r.query("tab").value_or("");
    const auto welcome = [weak = weak_from_this(), asked = std::make_shared<const http::request>(std::move(r))] {
        const auto self = weak.lock();
        return self && judge(self->shown_by(*asked), need::live) == verdict::welcome;
    };
    return live_.open(std::move(topics), std::move(tab), welcome);
} catch (...) {
    return answer_of(std::current_exception(), "/api/live");
}

// --- Who is it ---------------------------------------------------------------------------------------------------------

// Browsers send a host's cookies to all of its ports: services beside each other must not end each other's sessions.
std::string board_state::cookie_name(const http::request& r) const {
    const auto host = r.host();
    const auto colon = host.rfind(':');
    std::string port;
    if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos)
        std::ranges::copy_if(host.substr(colon + 1), std::back_inserter(port),
                             [](char c) { return c >= '0' && c <= '9'; });
    return "infra_dashboard" + (port.empty() ? "" : "_" + port);
}

shown board_state::shown_by(const http::request& r) const {
    shown s{.from_here = is_from_here(r),
            .local_host = is_local_name(r.host()),
            .page_header = r.headers().contains("X-Infra-Dashboard"),
            .by = asking_site(r)};
    if (options_->authorize) {
        s.by_service = options_->authorize(r);
        return s;
    }
    const auto bearer = bearer_of(r);
    s.too_many = wrong_.too_many(r.remote_address());
    s.admin_token = !s.too_many && same_secret(bearer, around_.admin_token);
    if (!bearer.empty() && !s.admin_token && !s.too_many)
        wrong_.add(r.remote_address());
    if (const auto session = r.cookie(cookie_name(r)))
        s.session = log_ins_.knows(*session);
    return s;
}

acting board_state::who(const http::request& r, const shown& s) const {
    const auto* const named = std::any_cast<std::string>(&r.attachment);
    return {.who = s.by_service    ? (named ? *named : "service")
                   : s.admin_token ? "token"
                                   : "link",
            .address = r.remote_address()};
}

std::string board_state::login_link(std::string_view url, std::chrono::seconds good_for) {
    return std::string(url) + options_->path + "/login?token=" + log_ins_.make_link(good_for);
}

http::response board_state::log_in(const http::request& r) {
    if (options_->authorize)
        return http::response::not_found("the service itself knows who may; there is nothing to log in to");
    const auto seen = shown_by(r);
    const auto found = judge(seen, need::page);
    if (found != verdict::welcome)
        return refusal(found);
    if (seen.too_many && !seen.session)
        return refusal(verdict::too_many);
    if (!is_visit(r) || r.method() != http::method::get)
        return refusal(verdict::other_site);
    auto made = http::response::redirect(options_->path + "/");
    if (seen.session)
        return made;
    const auto session = log_ins_.use_link(r.query("token").value_or(""));
    if (!session) {
        wrong_.add(r.remote_address());
        return http::response::text(
            401, "This link was used already, or is not one of ours: a link is good once. A new one is "
                 "printed when the service starts.\n");
    }
    made.set_cookie({.name = cookie_name(r),
                     .value = *session,
                     .max_age = options_->session,
                     .path = options_->path,
                     .secure = r.scheme() == "https",
                     .sites = http::same_site::strict});
    return made;
}

http::response board_state::log_out(const http::request& r) {
    const auto name = cookie_name(r);
    if (const auto session = r.cookie(name))
        log_ins_.end(*session);
    auto made = http::response::no_content();
    made.set_cookie({.name = name,
                     .max_age = 0s,
                     .path = options_->path,
                     .secure = r.scheme() == "https",
                     .sites = http::same_site::strict});
    return made;
}

json::object board_state::session_document(const http::request& r) const {
    return {{"service", around_.service},
            {"version", around_.version},
            {"environment", around_.environment},
            {"role", to_string(role_of(shown_by(r)))},
            {"pages", json::array(pages_.begin(), pages_.end())},
            {"now", to_unix_ms(options_->time->wall())}};
}

// --- Every request of the API ------------------------------------------------------------------------------------------

awaitable<http::response> board_state::show(const board::handler& answer, http::request r) {
    const auto found = judge(shown_by(r), need::read);
    if (found != verdict::welcome)
        co_return sealed(refusal(found));
    const std::string route(r.route());
    std::exception_ptr thrown;
    try {
        const context_scope quiet(context::current().with_telemetry_suppressed());
        auto& time = *options_->time;
        co_return sealed(
            co_await with_deadline(answer(std::move(r)), deadline::after(time_to_show, time.steady()), time));
    } catch (...) {
        thrown = std::current_exception();
    }
    co_return sealed(answer_of(thrown, route));
}

template <class Answer>
awaitable<http::response> board_state::perform(deed d, http::request r, Answer answer) {
    const auto seen = shown_by(r);
    const auto found = judge(seen, need::operate);
    done what{.at = options_->time->wall(),
              .by = who(r, seen),
              .what = d.what,
              .method = std::string(http::to_string(d.how)),
              .path = std::string(r.path().substr(std::min(options_->path.size() + api.size(), r.path().size()))),
              .trace = trace_here()};
    const std::string route(r.route());
    // Of strangers and other sites there is nothing to say but that they knocked, which the access log does.
    const auto ended = [&, began = options_->time->steady()](int status) {
        what.status = status;
        what.took = options_->time->steady() - began;
        if (found == verdict::welcome || found == verdict::may_not)
            record_.add(std::move(what));
    };
    http::response made;
    std::exception_ptr thrown;
    if (found == verdict::welcome) {
        try {
            made = co_await answer(what.by, std::move(r));
        } catch (...) {
            thrown = std::current_exception();
        }
    } else {
        made = refusal(found);
    }
    try {
        if (thrown)
            made = answer_of(thrown, route);
    } catch (...) { // who asked has gone; how far it had come by then nobody knows
        ended(503);
        throw;
    }
    ended(made.status);
    co_return sealed(std::move(made));
}

void board_state::add_show(std::string_view pattern, board::handler answer) {
    shown_routes_.emplace_back(pattern);
    routes_.get(std::string(api) + std::string(pattern),
                [weak = weak_from_this(), answer = std::move(answer)](http::request r) -> awaitable<http::response> {
                    const auto self = weak.lock();
                    co_return self ? co_await self->show(answer, std::move(r)) : sealed(dashboard_gone());
                });
}

namespace {

template <class Router, class Handler>
void route(Router& to, http::method how, const std::string& pattern, Handler handler) {
    switch (how) {
    case http::method::post: to.post(pattern, std::move(handler)); break;
    case http::method::put: to.put(pattern, std::move(handler)); break;
    case http::method::patch: to.patch(pattern, std::move(handler)); break;
    case http::method::delete_: to.del(pattern, std::move(handler)); break;
    default: throw std::invalid_argument("dashboard: what acts is POST, PUT, PATCH or DELETE");
    }
}

} // namespace

void board_state::add_act(http::method how, std::string_view pattern, std::string what, board::action answer) {
    acting_routes_.emplace_back(how, pattern);
    route(routes_, how, std::string(api) + std::string(pattern),
          [weak = weak_from_this(), d = deed{std::move(what), how},
           answer = std::move(answer)](http::request r) -> awaitable<http::response> {
              const auto self = weak.lock();
              if (!self)
                  co_return sealed(dashboard_gone());
              const auto limited = [&time = *self->options_->time, &answer](acting by, http::request asked) {
                  return with_deadline(answer(std::move(by), std::move(asked)),
                                       deadline::after(time_to_act, time.steady()), time);
              };
              co_return co_await self->perform(d, std::move(r), limited);
          });
}

void board_state::add_act(http::method how, std::string_view pattern, std::string what, board::streamed_action answer) {
    acting_routes_.emplace_back(how, pattern);
    route(routes_, how, std::string(api) + std::string(pattern),
          [weak = weak_from_this(), d = deed{std::move(what), how},
           answer = std::move(answer)](http::request r, http::body_reader body) -> awaitable<http::response> {
              const auto self = weak.lock();
              if (!self)
                  co_return sealed(dashboard_gone());
              const auto reading = [&answer, body](acting by, http::request asked) {
                  return answer(std::move(by), std::move(asked), body);
              };
              co_return co_await self->perform(d, std::move(r), reading);
          });
}

} // namespace infra::dashboard
