#include "live.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <list>
#include <mutex>
#include <utility>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

constexpr auto between_values = 1s;
constexpr auto still_fresh = 900ms;
constexpr auto between_pieces = 250ms;
constexpr auto between_heartbeats = 15s;
constexpr auto patience_with_topic = 5s;
constexpr std::string_view problem_topic = "problem";

/// What is the same for all who look at a topic.
struct shared_value {
    std::mutex mutex{};
    std::shared_ptr<const std::string> text{}; // guarded by mutex, and so is the rest
    std::optional<steady_time> made{};
    bool in_work = false;
};

/// However its making ends, another may begin. Where it fails, nobody is told what was before.
struct in_work {
    shared_value& of;
    steady_time at;
    std::shared_ptr<const std::string> made{};
    ~in_work() {
        const std::scoped_lock lock(of.mutex);
        of.in_work = false;
        of.made = at;
        of.text = std::move(made);
    }
};

/// What one page looks at.
struct wish {
    std::string topic{};
    std::shared_ptr<const http::request> watched{};
    const board::part_of_live* value = nullptr; // one of the two
    const board::more_pieces* more = nullptr;
    std::shared_ptr<shared_value> shared{};
};

/// One open stream. All but the gate is used on its loop only.
struct viewer {
    explicit viewer(executor ex) : loop(ex), gate(loop_gate::of(ex)), wake(ex, steady_time::max()) {}

    void put(const std::string& topic, std::string text) {
        waiting.insert_or_assign(topic, std::move(text));
        wake.cancel();
    }
    bool has_waiting(const std::string& topic) const { return waiting.contains(topic); }

    std::string take() {
        std::string events;
        for (const auto& [topic, text] : std::exchange(waiting, {}))
            events += topic.empty() ? text : event_of(topic, text);
        return events;
    }

    void end() {
        over = true;
        wake.cancel();
        for (auto& each : cancels)
            each.emit(asio::cancellation_type::terminal);
    }

    awaitable<void> news() {
        boost::system::error_code ec;
        if (waiting.empty() && !over)
            co_await wake.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if (co_await cancelled())
            throw boost::system::system_error(asio::error::operation_aborted);
    }

    static awaitable<bool> cancelled() {
        const auto state = co_await asio::this_coro::cancellation_state;
        co_return state.cancelled() != asio::cancellation_type::none;
    }

    const executor loop;
    const std::shared_ptr<loop_gate> gate;
    asio::steady_timer wake;
    std::map<std::string, std::string> waiting; // by topic; under "" what is no event
    std::list<asio::cancellation_signal> cancels;
    bool over = false;
};

std::string problem_of(const std::string& topic, std::string_view message) {
    return json::to_text(json::object{{"topic", topic}, {"message", message}});
}

std::string_view name_of_topic(std::string_view topic) noexcept { return topic.substr(0, topic.find('?')); }

bool is_topic(std::string_view text) noexcept {
    return !text.empty() && text.size() <= live::longest_topic && encoding::is_utf8(text) &&
           std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// A topic is written as the end of an address, but may hold what no target may.
std::string target_of(std::string_view topic) {
    std::string target = "/";
    for (const char c : topic)
        if (c <= 0x20 || c == '#' || c == 0x7f) // all of UTF-8's other bytes are negative
            target += encoding::percent_encode({&c, 1});
        else
            target += c;
    return target;
}

awaitable<std::shared_ptr<const std::string>> latest(wish of, clock& time) {
    auto& shared = *of.shared;
    {
        const std::scoped_lock lock(shared.mutex);
        const bool fresh = shared.made && time.steady() - *shared.made < still_fresh;
        if (fresh || shared.in_work)
            co_return shared.text;
        shared.in_work = true;
    }
    in_work mine{shared, time.steady()};
    const auto value =
        co_await with_deadline((*of.value)(*of.watched), deadline::after(patience_with_topic, time.steady()), time);
    auto text = std::make_shared<const std::string>(json::to_text(value));
    if (text->size() > live::longest_event)
        throw error(errc::overloaded, "too much to be shown live");
    co_return mine.made = std::move(text);
}

awaitable<void> watch(std::shared_ptr<viewer> v, wish of, clock& time) {
    std::string sent;
    for (; !v->over; co_await time.sleep_for(between_values)) {
        try {
            const auto text = co_await latest(of, time);
            if (text && *text != sent)
                v->put(of.topic, sent = *text);
        } catch (const std::exception& e) {
            if (v->over)
                throw;
            v->put(std::string(problem_topic), problem_of(of.topic, e.what()));
            sent.clear(); // the same again is news: that it is over
        }
    }
}

std::optional<std::string> text_of_pieces(pieces found, bool also_none) {
    if (found.items.size() > live::most_pieces) {
        const auto surplus = found.items.size() - live::most_pieces;
        found.items.erase(found.items.begin(), found.items.begin() + static_cast<std::ptrdiff_t>(surplus));
        found.skipped += surplus;
    }
    if (found.items.empty() && found.skipped == 0 && !also_none)
        return std::nullopt;
    auto text = json::to_text(json::object{{"items", found.items}, {"skipped", found.skipped}});
    if (text.size() > live::longest_event)
        text = json::to_text(json::object{{"items", json::array()}, {"skipped", found.items.size() + found.skipped}});
    return text;
}

awaitable<void> follow(std::shared_ptr<viewer> v, wish of, clock& time) {
    std::uint64_t since = 0;
    bool failed = false; // before: that it is over is news, also without any
    for (; !v->over; co_await time.sleep_for(between_pieces)) {
        if (v->has_waiting(of.topic))
            continue;
        try {
            auto found = co_await with_deadline((*of.more)(*of.watched, since),
                                                deadline::after(patience_with_topic, time.steady()), time);
            since = found.next;
            if (auto text = text_of_pieces(std::move(found), std::exchange(failed, false)))
                v->put(of.topic, *std::move(text));
        } catch (const std::exception& e) {
            if (v->over)
                throw;
            v->put(std::string(problem_topic), problem_of(of.topic, e.what()));
            failed = true;
        }
    }
}

// Who cannot be asked about is not welcome.
bool says_yes(const std::function<bool()>& welcome) noexcept try { return !welcome || welcome(); } catch (...) {
    return false;
}

// Who reads no more is noticed by writing, who may look no more by asking.
awaitable<void> beat(std::shared_ptr<viewer> v, std::function<bool()> welcome, clock& time) {
    while (!v->over) {
        co_await time.sleep_for(between_heartbeats);
        v->over = v->over || !says_yes(welcome);
        v->put("", ":\n\n");
    }
}

} // namespace

std::string event_of(std::string_view topic, std::string_view text) {
    return std::string("event: ").append(topic).append("\ndata: ").append(text).append("\n\n");
}

struct live::state {
    clock& time;
    const std::size_t max_viewers;
    std::map<std::string, board::part_of_live, std::less<>> values{};
    std::map<std::string, board::more_pieces, std::less<>> more{};

    struct place {
        std::string tab{};
        std::weak_ptr<viewer> at{}; // once it runs
        bool over = false;
    };
    mutable std::mutex mutex{};
    bool stopped = false; // guarded by mutex, and so is the rest
    std::list<place> places{};
    std::map<std::string, std::weak_ptr<shared_value>> shared{};

    static void end(place& p) {
        p.over = true;
        if (const auto v = p.at.lock())
            v->gate->pass([&] { asio::post(v->loop, [v] { v->end(); }); });
    }

    std::shared_ptr<shared_value> share(const std::string& topic) {
        const std::scoped_lock lock(mutex);
        auto& kept = shared[topic];
        auto found = kept.lock();
        if (!found) {
            found = std::make_shared<shared_value>();
            kept = found;
            std::erase_if(shared, [](const auto& each) { return each.second.expired(); });
        }
        return found;
    }

    /// Throws std::invalid_argument for what no request could ask for.
    wish wish_for(const std::string& topic) {
        const auto name = name_of_topic(topic);
        wish made{.topic = topic};
        made.watched = std::make_shared<const http::request>(http::request::make({.target = target_of(topic)}));
        if (const auto found = values.find(name); found != values.end()) {
            made.value = &found->second;
            made.shared = share(topic);
        } else if (const auto other = more.find(name); other != more.end()) {
            made.more = &other->second;
        }
        return made;
    }

    /// A place among the viewers, taken by a stream until it ends or is never begun.
    struct seat {
        std::shared_ptr<state> of;
        std::list<place>::iterator at;
        seat(std::shared_ptr<state> s, std::list<place>::iterator i) : of(std::move(s)), at(i) {}
        seat(const seat&) = delete;
        seat& operator=(const seat&) = delete;
        ~seat() {
            const std::scoped_lock lock(of->mutex);
            of->places.erase(at);
        }
    };

    static std::shared_ptr<seat> sit(const std::shared_ptr<state>& s, std::string tab) {
        const std::scoped_lock lock(s->mutex);
        std::size_t open = 0;
        for (auto& each : s->places) {
            if (!tab.empty() && each.tab == tab)
                end(each);
            open += each.over ? 0 : 1;
        }
        if (s->stopped || open >= s->max_viewers)
            return nullptr;
        return std::make_shared<seat>(s, s->places.insert(s->places.end(), place{.tab = std::move(tab)}));
    }

    void begin(const std::shared_ptr<viewer>& v, seat& mine) {
        const std::scoped_lock lock(mutex);
        mine.at->at = v;
        v->over = mine.at->over;
    }

    void spawn(const std::shared_ptr<viewer>& v, awaitable<void> work) const {
        auto& cancel = v->cancels.emplace_back();
        asio::co_spawn(v->loop, quietly(std::move(work)),
                       asio::bind_cancellation_slot(cancel.slot(), [v](std::exception_ptr) {}));
    }

    // What the dashboard looks at for itself is not what the service does.
    static awaitable<void> quietly(awaitable<void> work) {
        const context_scope quiet(context().with_telemetry_suppressed());
        co_await std::move(work);
    }

    void spawn_all(const std::shared_ptr<viewer>& v, const std::vector<wish>& wishes, std::function<bool()> welcome) {
        for (const auto& each : wishes)
            if (each.value)
                spawn(v, watch(v, each, time));
            else if (each.more)
                spawn(v, follow(v, each, time));
            else
                v->put(std::string(problem_topic),
                       problem_of(each.topic, "there is nothing to look at under this name"));
        spawn(v, beat(v, std::move(welcome), time));
    }

    static awaitable<void> serve(std::shared_ptr<state> s, std::shared_ptr<seat> mine, std::vector<wish> wishes,
                                 std::function<bool()> welcome, http::body_writer to) {
        const auto v = std::make_shared<viewer>(co_await asio::this_coro::executor);
        s->begin(v, *mine);
        std::exception_ptr failed;
        try {
            co_await to.write("retry: 2000\n\n");
            if (!v->over)
                s->spawn_all(v, wishes, std::move(welcome));
            while (!v->over) {
                auto events = v->take();
                if (events.empty())
                    co_await v->news();
                else
                    co_await to.write(std::move(events));
            }
        } catch (...) {
            failed = std::current_exception();
        }
        v->end();
        if (failed)
            std::rethrow_exception(failed);
    }
};

live::live(clock& time, std::size_t max_viewers) : state_(new state{.time = time, .max_viewers = max_viewers}) {}

void live::add(std::string topic, board::part_of_live value) {
    if (!state_->values.emplace(std::move(topic), std::move(value)).second)
        throw std::invalid_argument("dashboard: two panels have the same live topic");
}

void live::add_pieces(std::string topic, board::more_pieces more) {
    if (!state_->more.emplace(std::move(topic), std::move(more)).second)
        throw std::invalid_argument("dashboard: two panels have the same live topic");
}

http::response live::open(std::vector<std::string> topics, std::string tab, std::function<bool()> welcome) {
    if (topics.empty() || topics.size() > most_topics || !std::ranges::all_of(topics, is_topic) || tab.size() > 64)
        return http::response::error(400, "invalid_request", "expected 1 to 16 topics of at most 512 bytes");
    std::vector<wish> wishes;
    for (const auto& each : topics)
        wishes.push_back(state_->wish_for(each));
    auto mine = state::sit(state_, std::move(tab));
    if (!mine) {
        auto made = http::response::error(503, "too_many_viewers", "too many pages look already; close one of them");
        made.headers.set("Retry-After", "5");
        return made;
    }
    auto made = http::response::stream("text/event-stream", [s = state_, mine, wishes, welcome](http::body_writer to) {
        return state::serve(s, mine, wishes, welcome, std::move(to));
    });
    made.headers.set("X-Accel-Buffering", "no"); // of nginx: each event is for now
    return made;
}

void live::stop() noexcept {
    const std::scoped_lock lock(state_->mutex);
    state_->stopped = true;
    for (auto& each : state_->places)
        state::end(each);
}

std::size_t live::viewers() const {
    const std::scoped_lock lock(state_->mutex);
    return static_cast<std::size_t>(std::ranges::count(state_->places, false, &state::place::over));
}

} // namespace infra::dashboard
