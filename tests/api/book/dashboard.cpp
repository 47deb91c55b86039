// What docs/dashboard.md shows.

#include "../support.hpp"

#include <gtest/gtest.h>

// [dashboard]
#include <infra/dashboard.hpp>

void add_dashboard(infra::app::application& service) {
    using infra::dashboard::role;
    infra::dashboard::mount(service, {.authorize = [](const infra::http::request& r) {
                                // what your log-in knows; without this, whoever has the link printed at start
                                return r.header("x-user") == "ann" ? role::operate : role::none;
                            }});
}
// [/dashboard]

TEST(BookDashboard, StandsWhereItIsMounted) {
    const api::temporary_folder folder;
    auto service = infra::app::from_environment(
        {.name = "shop",
         .environment =
             infra::environment({{"QUEUE_URL", "memory:"}, {"STORAGE_URL", "memory:"}, {"EMAIL_URL", "memory:"}})});
    EXPECT_NO_THROW(add_dashboard(service));
}
