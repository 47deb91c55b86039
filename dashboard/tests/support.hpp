#pragma once

// A board without a server, for tests of panels: routes, a clock of the test's own and a role that the test chooses.
//
//     mounted on;
//     add_cache_panel(on.board(), values);
//     EXPECT_EQ(on.get("/cache").at("items").as_array().size(), 2);
//     EXPECT_EQ(on.act(http::method::delete_, "/cache/keys/a").status, 204);

#include "src/board_state.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/json.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace infra::dashboard {

/// As a page of our own asks.
inline http::headers of_our_page() {
    return {{"Host", "localhost"}, {"Sec-Fetch-Site", "same-origin"}, {"X-Infra-Dashboard", "1"}};
}

class mounted {
public:
    explicit mounted(role everybody = role::operate, clock* time = nullptr) {
        dashboard_options options{.authorize = [everybody](const http::request&) { return everybody; }};
        if (time)
            options.time = time;
        state = board_state::open(routes, std::move(options),
                                  {.service = "shop", .version = "1.2.3", .environment = "test"});
    }

    dashboard::board board() const { return state->on(); }

    /// Below the API; a path with its query.
    http::response ask(http::method how, const std::string& path, std::string body = {}) {
        return loop.get(routes.handle(
            {.method = how, .target = "/infra/api" + path, .headers = of_our_page(), .body = std::move(body)}));
    }

    /// The document; a test failure for anything but 200.
    json::value get(const std::string& path) {
        const auto answer = ask(http::method::get, path);
        EXPECT_EQ(answer.status, 200) << path << ": " << answer.body;
        return json::parse(answer.body).value();
    }
    int status_of(const std::string& path) { return ask(http::method::get, path).status; }

    http::response act(http::method how, const std::string& path, std::string body = {}) {
        return ask(how, path, std::move(body));
    }

    testing::test_loop loop;
    http::router routes;
    std::shared_ptr<board_state> state;
};

} // namespace infra::dashboard
