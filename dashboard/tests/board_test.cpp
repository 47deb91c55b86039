#include "support.hpp"

#include <infra/testing/captured_telemetry.hpp>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;

TEST(Board, ShowsWhatAPanelAnswers) {
    mounted on;
    on.board().show("/plain",
                    [](const http::request& r) { return http::response::ok({{"q", r.query("q").value_or("")}}); });
    on.board().show("/later",
                    [](http::request) -> awaitable<http::response> { co_return http::response::ok({{"n", 2}}); });
    EXPECT_EQ(on.get("/plain?q=x").at("q"), "x");
    EXPECT_EQ(on.get("/later").at("n"), 2);
}

} // namespace
} // namespace infra::dashboard
