#include "src/log_to_people.hpp"

#include <infra/base/error.hpp>
#include <infra/base/telemetry.hpp>

#include <gtest/gtest.h>

#include <sstream>

namespace infra::cli {
namespace {

TEST(LogToPeople, IsALineForEachRecordWhileItLives) {
    std::ostringstream told;
    const boost::system::error_code code = errc::timed_out; // a field is a view
    {
        const log_to_people telling(told);
        telemetry::log(level::debug, "queue", "not said", {});
        telemetry::log(level::warn, "queue", "job failed",
                       {{"job", "7\x1b[2J"},
                        {"attempt", 2},
                        {"bytes", 3u},
                        {"delay", std::chrono::milliseconds(1500)},
                        {"last", true},
                        {"share", 0.5},
                        {"code", code}});
    }
    telemetry::log(level::error, "queue", "nobody listens", {});
    EXPECT_EQ(told.str(),
              "infra: job failed  job=7?[2J  attempt=2  bytes=3  delay=1500ms  last=true  share=0.5  code=" +
                  code.message() + "\n");
}

} // namespace
} // namespace infra::cli
