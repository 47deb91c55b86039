#pragma once

// What a panel is pinned to. A panel is the part of the dashboard about one module, in src/<panel>/: its routes, its actions, what it
// says while somebody looks, and what it adds to the overview. It gets the board once, before the service runs.
//
//     void add_cache_panel(board& on, cache::cache values) {
//         on.page("cache");
//         on.show("/cache", [values](const http::request&) { return http::response::ok(document_of(values.stats())); });
//         on.act(http::method::delete_, "/cache/keys/{key...}", "remove a key", [values](acting by, http::request r) -> awaitable<http::response> {…});
//         on.live("cache", [values]() -> awaitable<json::value> { co_return …; });
//     }
//
// Panels throw. Their answers are made here: http::error_response as it says; std::invalid_argument 422; infra::error of what is
// missing (unavailable, overloaded, closed, io) 503 and timed_out 504, each with its sentence; anything else is logged and 500. What
// shows has 5 s, what acts 30 s; then it is cancelled and 504.

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/dashboard.hpp>
#include <infra/http_server.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace infra::dashboard {

/// Who acts, for the record of actions.
struct acting {
    std::string who{}; ///< "link", "token", or what the service's guards left in request::attachment as a std::string
    std::string address{}; ///< as request::remote_address
};

/// One line of the live feed of the overview.
struct news {
    std::string kind{}; ///< "job", "mail", "log", "realtime", "health", "action"
    level severity = level::info;
    std::string text{};  ///< of people, at most 300 bytes; what users wrote may stand in it
    std::string link{};  ///< "#/queues/mail/8812"; empty: none
    std::string trace{}; ///< 32 hex digits, or empty
};

/// One group of "needs attention". Equal problems are one group with a count.
struct concern {
    level severity = level::warn;
    std::string text{}; ///< "17 jobs of send-invoice failed: TimeoutError"
    std::string link{}; ///< where it is seen to
    std::size_t count = 1;
    std::optional<wall_time> since{};
    std::string action{}; ///< a word for a button: "Retry"; with it the call that does it
    std::string action_method{};
    std::string action_path{}; ///< below the API: "/queues/mail/retry"
    json::value action_body{};
};

/// One of the numbers at the top of the overview.
struct figure {
    std::string name{};            ///< "oldest_waiting_job"
    std::string label{};           ///< "Oldest job"
    std::optional<double> value{}; ///< empty: not known
    std::string unit{};            ///< "", "s", "ratio", "per_minute"
    std::optional<double> limit{}; ///< above it, it is shown as a problem
    std::string link{};
    std::vector<double> spark{}; ///< how it came to be, oldest first; empty: how it was whenever it was looked at
};

/// How far back something that is kept in a ring goes.
struct reach {
    std::optional<wall_time> since{}; ///< of the oldest that is still there; empty: nothing is
    std::size_t entries = 0;
    std::size_t bytes = 0;
    std::size_t max_bytes = 0; ///< 0: bounded by entries
};

/// What comes in pieces: lines of a log.
struct pieces {
    json::array items{};
    std::uint64_t next = 0;
    std::size_t skipped = 0; ///< too many to be sent, or gone before they could be
};

class board_state;

/// Threads:  before the service runs, one; afterwards news may be told from any. What is given here is called from any loop, several
///           at once.
/// Errors:   std::invalid_argument for a pattern that is there already.
/// Lifetime: a handle that keeps nothing alive: what is given here may hold copies of it. News of what has ended go nowhere.
class board {
public:
    using handler = std::function<awaitable<http::response>(http::request)>;
    using action = std::function<awaitable<http::response>(acting, http::request)>;
    using streamed_action = std::function<awaitable<http::response>(acting, http::request, http::body_reader)>;
    using part_of_live = std::function<awaitable<json::value>(const http::request& watched)>;

    board(std::weak_ptr<board_state> state, std::shared_ptr<const dashboard_options> options) noexcept
        : state_(std::move(state)), options_(std::move(options)) {}

    /// The page `name` is in the navigation: "queues", "mail", "logs" …
    void page(std::string name);

    /// GET <path>/api<pattern>, for whoever may read. A plain function of `http::request&` or a coroutine of `http::request`.
    template <class F>
    void show(std::string_view pattern, F answer) {
        if constexpr (std::is_invocable_r_v<http::response, const F&, http::request&>)
            add_show(pattern, [answer = std::move(answer)](http::request r) -> awaitable<http::response> {
                co_return answer(r);
            });
        else if constexpr (std::is_invocable_v<const F&,
                                               http::request&>) // the request lives as long as it is looked at
            add_show(pattern, [answer = std::move(answer)](http::request r) -> awaitable<http::response> {
                co_return co_await answer(r);
            });
        else
            add_show(pattern, handler(std::move(answer)));
    }

    /// POST, PUT, PATCH or DELETE below the API, for whoever may operate. Cross-site requests, and those without the page's header,
    /// never come here; what was done is logged, counted and in the record of actions with `what`, whoever did it, the path and how it
    /// ended. Of the body nothing is recorded.
    void act(http::method how, std::string_view pattern, std::string what, action answer);

    /// The same for a body that is taken while it comes; how long that takes is bounded by the server's patience for the next piece.
    void act(http::method how, std::string_view pattern, std::string what, streamed_action answer);

    /// What is sent to those who look at `topic`, at most once a second and only when it is another than before. Called only while
    /// somebody does, and once for all who look at the same. Topics may carry a query ("queue?name=mail"): it is in `watched`,
    /// whose target is "/" and the topic, and which lives until the coroutine has ended.
    void live(std::string topic, std::function<awaitable<json::value>()> value);
    void live(std::string topic, part_of_live value);

    /// What comes in pieces, four times a second and at most 500 a second: {"items":[…],"skipped":0}. `since` is 0 at first, then the
    /// cursor the function last returned. Of too many the newest are sent and the others counted as skipped.
    using more_pieces = std::function<awaitable<pieces>(const http::request& watched, std::uint64_t since)>;
    void live_pieces(std::string topic, more_pieces more);

    /// For the overview; called while somebody looks at it, at most once a second, and every 15 s for the sparklines.
    void figures(std::function<awaitable<std::vector<figure>>()> of);
    /// Of what happened within so long, which is how far back whoever looks wants to see.
    void figures(std::function<awaitable<std::vector<figure>>(std::chrono::minutes within)> of);
    void concerns(std::function<awaitable<std::vector<concern>>()> of);

    /// The slowest traces of late, at most so many: [{"trace","name","ms","at","failed"}].
    void slowest(std::function<awaitable<json::array>(std::size_t)> of);

    /// For the live feed; kept in a ring of 500 and cheap enough for hot paths: at most 100 a second are taken, the rest counted.
    void tell(news what) const noexcept;

    /// How far back what `name` keeps goes, for the settings' page.
    void keeps(std::string name, std::function<reach()> how_far);

    /// Runs on a loop while the service runs, and is cancelled when it ends. What it throws is logged, and it is begun again after a
    /// while.
    void background(std::string name, std::function<awaitable<void>()> work);

    const dashboard_options& options() const noexcept { return *options_; }
    clock& time() const noexcept { return *options_->time; }

private:
    void add_show(std::string_view pattern, handler answer);
    std::shared_ptr<board_state> state() const; ///< std::logic_error once it is gone

    std::weak_ptr<board_state> state_;
    std::shared_ptr<const dashboard_options> options_;
};

/// Answers that panels share: `{"items":[…],"next":"cursor"|null}`.
http::response page_of(json::array items, std::string next);

} // namespace infra::dashboard
