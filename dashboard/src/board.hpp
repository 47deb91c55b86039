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

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/json.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/dashboard.hpp>
#include <infra/http_server.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace infra::dashboard {

/// Who acts, for the record of actions.
struct acting {
    std::string who;     ///< "link", "token", or what the service's hook left in request::attachment as a std::string
    std::string address; ///< as request::remote_address
};

/// One line of the live feed of the overview.
struct news {
    std::string kind{};                       ///< "job", "mail", "log", "realtime", "health", "action"
    level severity = level::info;
    std::string text{};                       ///< of people, at most 300 bytes; what users wrote may stand in it
    std::string link{};                       ///< "#/queues/mail/8812"; empty: none
    std::string trace{};                      ///< 32 hex digits, or empty
};

/// One group of "needs attention". Equal problems are one group with a count.
struct concern {
    level severity = level::warn;
    std::string text{};    ///< "17 jobs of send-invoice failed: TimeoutError"
    std::string link{};    ///< where it is seen to
    std::size_t count = 1;
    std::optional<wall_time> since{};
    std::string action{};  ///< a word for a button: "Retry"; with it the call that does it
    std::string action_method{};
    std::string action_path{}; ///< below the API: "/queues/mail/retry"
    json::value action_body{};
};

/// One of the numbers at the top of the overview.
struct figure {
    std::string name{};      ///< "oldest_waiting_job"
    std::string label{};     ///< "Oldest job"
    std::optional<double> value{}; ///< empty: not known
    std::string unit{};      ///< "", "s", "ratio", "per_minute"
    std::optional<double> limit{}; ///< above it, it is shown as a problem
    std::string link{};
};

class board_state;

/// Threads:  before the service runs, one; afterwards news may be told from any.
/// Lifetime: a handle; copies share it.
class board {
public:
    using plain_handler = std::function<http::response(http::request&)>;
    using handler = std::function<awaitable<http::response>(http::request)>;
    using action = std::function<awaitable<http::response>(acting, http::request)>;

    /// The page `name` is in the navigation: "queues", "mail", "logs" …
    void page(std::string name);

    /// GET <path>/api<pattern>, for whoever may read.
    void show(std::string_view pattern, handler answer);

    /// POST, PUT, PATCH or DELETE below the API, for whoever may operate. Cross-site requests, and those without the page's header,
    /// never come here; what was done is logged, counted and in the record of actions with `what`, whoever did it, the path and how it
    /// ended. Of the body nothing is recorded.
    void act(http::method how, std::string_view pattern, std::string what, action answer);

    /// What is sent to those who look at `topic`, at most once a second and only when it is another than before. Called only while
    /// somebody does.
    void live(std::string topic, std::function<awaitable<json::value>()> value);

    /// What comes in pieces: lines of a log. `since` is 0 at first, then the cursor the function last returned.
    struct pieces {
        json::array items{};
        std::uint64_t next = 0;
        std::size_t skipped = 0; ///< too many to be sent
    };
    void live_pieces(std::string topic, std::function<awaitable<pieces>(http::request const& watcher, std::uint64_t since)> more);

    /// For the overview; called while somebody looks at it, at most once a second.
    void figures(std::function<awaitable<std::vector<figure>>()> of);
    void concerns(std::function<awaitable<std::vector<concern>>()> of);

    /// For the live feed; kept in a ring of 500 and cheap enough for hot paths: at most 100 a second are taken, the rest counted.
    void tell(news what) noexcept;

    const dashboard_options& options() const noexcept;
    clock& time() const noexcept;

private:
    friend class board_state;
    explicit board(std::shared_ptr<board_state> state) noexcept : state_(std::move(state)) {}
    std::shared_ptr<board_state> state_;
};

/// Answers that panels share: `{"items":[…],"next":"cursor"|null}`.
http::response page_of(json::array items, std::string next);

} // namespace infra::dashboard
