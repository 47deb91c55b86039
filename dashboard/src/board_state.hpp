#pragma once

// What the panels' board is made of: one way in for every request, one way out for every answer.

#include "board.hpp"
#include "feed.hpp"
#include "guard.hpp"
#include "live.hpp"
#include "log_ins.hpp"
#include "record.hpp"
#include "site.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::dashboard {

/// The service, as its dashboard sees it.
struct surroundings {
    std::string service{};
    std::string version{};
    std::string environment{}; ///< "production"
    std::string admin_token{}; ///< empty: nobody has it
};

/// Work that goes on while the service does.
struct background_work {
    std::string name{};
    std::function<awaitable<void>()> work{};
};

/// Owned by whoever opened it: routes and panels only refer to it.
class board_state : public std::enable_shared_from_this<board_state> {
public:
    /// Mounts the pages, the log-in, the session and the live stream. Throws std::invalid_argument naming the bad option.
    static std::shared_ptr<board_state> open(http::router& routes, dashboard_options options, surroundings around);

    board on() { return board(weak_from_this(), options_); }

    /// "http://127.0.0.1:3000/infra/login?token=…", good once.
    std::string login_link(std::string_view url, std::chrono::seconds good_for);

    /// Ends the live streams, for HTTP would wait for them.
    void stop() noexcept { live_.stop(); }

    // --- What the panels said ------------------------------------------------------------------------------------

    void add_page(std::string name) { pages_.push_back(std::move(name)); }
    void add_show(std::string_view pattern, board::handler answer);
    void add_act(http::method how, std::string_view pattern, std::string what, board::action answer);
    void add_act(http::method how, std::string_view pattern, std::string what, board::streamed_action answer);

    const dashboard_options& options() const noexcept { return *options_; }
    const surroundings& around() const noexcept { return around_; }
    live& stream() noexcept { return live_; }
    feed& told() noexcept { return feed_; }
    record& actions() noexcept { return record_; }

    /// For tests: all that acts, as method and pattern below the API.
    const std::vector<std::pair<http::method, std::string>>& acting_routes() const noexcept { return acting_routes_; }
    const std::vector<std::string>& shown_routes() const noexcept { return shown_routes_; }

    std::vector<std::function<awaitable<std::vector<figure>>(std::chrono::minutes)>> figures{};
    std::vector<std::function<awaitable<std::vector<concern>>()>> concerns{};
    std::function<awaitable<json::array>(std::size_t)> slowest{};
    std::vector<std::pair<std::string, std::function<reach()>>> reaches{};
    std::vector<background_work> works{};

private:
    struct deed;

    board_state(http::router routes, dashboard_options options, surroundings around);
    void add_own_routes();

    std::string cookie_name(const http::request& r) const;
    shown shown_by(const http::request& r) const;
    acting who(const http::request& r, const shown& s) const;
    http::response log_in(const http::request& r);
    http::response log_out(const http::request& r);
    json::object session_document(const http::request& r) const;

    awaitable<http::response> show(const board::handler& answer, http::request r);
    template <class Answer>
    awaitable<http::response> perform(deed d, http::request r, Answer answer);
    http::response open_stream(http::request r);
    http::response if_welcome(need wanted, const http::request& r,
                              const std::function<http::response(const http::request&)>& answer) const;
    template <class Answer>
    auto here(Answer answer);

    http::router routes_; // below the path
    const std::shared_ptr<const dashboard_options> options_;
    surroundings around_;
    log_ins log_ins_;
    mutable wrong_tokens wrong_;
    live live_;
    feed feed_;
    record record_;
    site site_;
    std::vector<std::string> pages_;
    std::vector<std::pair<http::method, std::string>> acting_routes_;
    std::vector<std::string> shown_routes_;
};

} // namespace infra::dashboard
