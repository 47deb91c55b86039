// What docs/logging.md shows.

#include "../support.hpp"

#include <gtest/gtest.h>

// [logging]
#include <infra/logging.hpp>

void pay(int order, double euros) {
    static const infra::logging::logger log({.module = "pay"}); // LOG_LEVEL=info,pay=debug
    const auto of_order = log.child({{"order", order}});
    of_order.debug("asking the bank");
    of_order.info("paid", {{"euros", euros}, {"card", infra::logging::secret(std::string("4111 1111 1111 1111"))}});
}
// {"timestamp":"2026-01-01T12:34:56.789Z","level":"info","module":"pay","message":"paid","order":17,"euros":9.5,"card":"[redacted]"}
// [/logging]

TEST(BookLogging, WritesTheLineOfThePage) {
    auto& lines = api::log_lines();
    pay(17, 9.5);
    const auto written = lines.text();
    EXPECT_NE(written.find(R"("module":"pay","message":"paid","order":17,"euros":9.5,"card":"[redacted]"})"),
              std::string::npos)
        << written;
}
