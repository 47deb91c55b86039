#include "panel.hpp"

#include "documents.hpp"
#include "trends.hpp"

#include <charconv>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds patience = 2s;
constexpr std::size_t shown_slowest = 5;
constexpr std::size_t shown_news = 100;

std::chrono::seconds range_of(const http::request& r) {
    const auto text = r.query("seconds").value_or("900");
    std::int64_t seconds = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (failed != std::errc() || end != text.data() + text.size() || seconds < 1 || seconds > 86'400)
        throw http::error_response(422, "invalid_request", "expected a number of seconds up to a day", "/seconds");
    return std::chrono::seconds(seconds);
}

/// What the routes and the stream share.
struct overview {
    std::weak_ptr<board_state> state;
    health_watch watch;
    trends before{};

    static awaitable<json::array> slowest_of(std::shared_ptr<board_state> s) {
        if (!s->slowest)
            co_return json::array();
        try {
            auto& time = *s->options().time;
            co_return co_await with_deadline(s->slowest(shown_slowest), deadline::after(patience, time.steady()), time);
        } catch (const infra::error&) { // then the page shows none
        }
        co_return json::array();
    }

    /// What changes while one looks.
    static awaitable<json::object> now(std::shared_ptr<overview> self) {
        const auto s = self->state.lock();
        if (!s)
            throw error(errc::closed, "the dashboard has ended");
        auto& time = *s->options().time;
        const auto seen = co_await self->watch.look();
        const auto numbers = co_await gather(s->figures, patience, time);
        const auto problems = co_await gather(s->concerns, patience, time);
        auto slow = co_await slowest_of(s);
        json::array figures;
        for (const auto& each : joined(numbers))
            figures.push_back(document_of(each));
        json::array concerns;
        for (const auto& each : joined(problems, numbers))
            concerns.push_back(document_of(each));
        co_return json::object{{"status", to_string(seen.report.status)},
                               {"since", to_unix_ms(self->watch.since())},
                               {"causes", self->watch.causes_of(seen)},
                               {"checks", seen.report.checks.size()},
                               {"figures", std::move(figures)},
                               {"concerns", std::move(concerns)},
                               {"slowest", std::move(slow)}};
    }

    static awaitable<http::response> show(std::shared_ptr<overview> self, http::request r) {
        const auto back = range_of(r);
        auto document = co_await now(self);
        for (auto& each : document["figures"].as_array())
            each.as_object()["spark"] = self->before.of(std::string(each.at("name").as_string()), back);
        document["feed"] = self->news();
        co_return http::response::ok(document);
    }

    json::array news() const {
        const auto s = state.lock();
        auto all = s ? s->told().after(0).items : json::array();
        if (all.size() > shown_news)
            all.erase(all.begin(), all.end() - shown_news);
        return all;
    }

    static awaitable<void> remember(std::shared_ptr<overview> self, clock& time) {
        for (;; co_await time.sleep_for(trends::between)) {
            const auto s = self->state.lock();
            if (!s)
                co_return;
            const auto numbers = co_await gather(s->figures, patience, time);
            self->before.add(joined(numbers));
        }
    }
};

} // namespace

void add_overview_panel(const std::shared_ptr<board_state>& state, health_watch watch) {
    auto on = state->on();
    const std::shared_ptr<overview> shared(new overview{.state = state, .watch = std::move(watch)});
    on.page("overview");
    on.show("/overview", [shared](http::request r) { return overview::show(shared, std::move(r)); });
    on.live("overview", [shared]() -> awaitable<json::value> { co_return co_await overview::now(shared); });
    on.background("overview", [shared, &time = on.time()] { return overview::remember(shared, time); });
}

} // namespace infra::dashboard
