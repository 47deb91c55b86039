#include "panel.hpp"

#include "documents.hpp"
#include "trends.hpp"

#include <charconv>
#include <mutex>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds patience_with_panels = 2s;
constexpr std::chrono::milliseconds longest_gathering = 4s; // all of it: a stream waits for five
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

constexpr std::chrono::minutes remembered_within{15};

/// What the routes and the stream share.
struct overview {
    std::weak_ptr<board_state> state;
    health_watch watch;
    trends before{};
    std::mutex mutex{};
    std::vector<std::vector<figure>> last{}; // of each panel; guarded by mutex

    static std::vector<std::function<awaitable<std::vector<figure>>()>> questions_of(const board_state& s,
                                                                                     std::chrono::minutes within) {
        std::vector<std::function<awaitable<std::vector<figure>>()>> all;
        for (const auto& each : s.figures)
            all.push_back([each, within] { return each(within); });
        return all;
    }

    std::vector<figure> numbers_of(const std::vector<reply<std::vector<figure>>>& answers) {
        const std::scoped_lock lock(mutex);
        return joined(answers, last);
    }

    static awaitable<json::array> slowest_of(std::shared_ptr<board_state> s) {
        if (!s->slowest)
            co_return json::array();
        try {
            auto& time = *s->options().time;
            co_return co_await with_deadline(s->slowest(shown_slowest),
                                             deadline::after(patience_with_panels, time.steady()), time);
        } catch (const infra::error&) { // then the page shows none
        }
        co_return json::array();
    }

    /// What there is to say, asked for at once: who waits for what does not answer holds nobody else up, and health least of all.
    struct look {
        std::optional<health_seen> health{};
        std::vector<reply<std::vector<figure>>> numbers{};
        std::vector<reply<std::vector<concern>>> problems{};
        json::array slow{};
    };

    static std::vector<std::function<awaitable<bool>()>> questions(std::shared_ptr<overview> self,
                                                                   std::shared_ptr<board_state> s,
                                                                   std::shared_ptr<look> to,
                                                                   std::chrono::minutes within) {
        std::vector<std::function<awaitable<bool>()>> all;
        all.push_back([self, to]() -> awaitable<bool> {
            to->health = co_await self->watch.look();
            co_return true;
        });
        all.push_back([s, to, within]() -> awaitable<bool> {
            auto questions = questions_of(*s, within);
            to->numbers = co_await gather(std::move(questions), patience_with_panels, *s->options().time);
            co_return true;
        });
        all.push_back([s, to]() -> awaitable<bool> {
            to->problems = co_await gather(s->concerns, patience_with_panels, *s->options().time);
            co_return true;
        });
        all.push_back([s, to]() -> awaitable<bool> {
            to->slow = co_await slowest_of(s);
            co_return true;
        });
        return all;
    }

    static awaitable<std::shared_ptr<look>> look_around(std::shared_ptr<overview> self, std::shared_ptr<board_state> s,
                                                        std::chrono::seconds back) {
        const auto found = std::make_shared<look>();
        auto all = questions(self, s, found, std::chrono::ceil<std::chrono::minutes>(back));
        for (const auto& each : co_await gather(std::move(all), longest_gathering, *s->options().time))
            if (each.failure)
                std::rethrow_exception(each.failure);
        co_return found;
    }

    /// What changes while one looks.
    static awaitable<json::object> now(std::shared_ptr<overview> self, std::chrono::seconds back) {
        const auto s = self->state.lock();
        if (!s)
            throw error(errc::closed, "the dashboard has ended");
        const auto found = co_await look_around(self, s, back);
        const auto& seen = *found->health;
        json::array figures;
        for (const auto& each : self->numbers_of(found->numbers))
            figures.push_back(document_of(each));
        json::array concerns;
        for (const auto& each : joined(found->problems, found->numbers))
            concerns.push_back(document_of(each));
        co_return json::object{{"status", to_string(seen.report.status)}, {"since", to_unix_ms(self->watch.since())},
                               {"causes", self->watch.causes_of(seen)},   {"checks", seen.report.checks.size()},
                               {"figures", std::move(figures)},           {"concerns", std::move(concerns)},
                               {"slowest", std::move(found->slow)}};
    }

    static awaitable<http::response> show(std::shared_ptr<overview> self, http::request r) {
        const auto back = range_of(r);
        auto document = co_await now(self, back);
        for (auto& each : document["figures"].as_array())
            if (auto& figure = each.as_object(); !figure.contains("spark"))
                figure["spark"] = self->before.of(std::string(figure.at("name").as_string()), back);
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
            auto questions = questions_of(*s, remembered_within);
            const auto numbers = co_await gather(std::move(questions), patience_with_panels, time);
            self->before.add(self->numbers_of(numbers));
        }
    }
};

} // namespace

void add_overview_panel(const std::shared_ptr<board_state>& state, health_watch watch) {
    auto on = state->on();
    const std::shared_ptr<overview> shared(new overview{.state = state, .watch = std::move(watch)});
    on.page("overview");
    on.show("/overview", [shared](http::request r) { return overview::show(shared, std::move(r)); });
    on.live("overview", [shared](const http::request& watched) -> awaitable<json::value> {
        const auto back = range_of(watched);
        co_return co_await overview::now(shared, back);
    });
    on.background("overview", [shared, &time = on.time()] { return overview::remember(shared, time); });
}

} // namespace infra::dashboard
