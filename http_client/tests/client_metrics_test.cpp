#include "src/client_metrics.hpp"

#include "tests/telemetry_recorder.hpp"

#include <gtest/gtest.h>

namespace infra::http {
namespace {

using namespace std::chrono_literals;

TEST(ClientMetrics, CountsByMethodHostAndStatus) {
    const telemetry_recorder recorder;
    client_metrics metrics;
    metrics.count(method::get, "a", "200", 1ms);
    metrics.count(method::get, "a", "200", 1ms);
    metrics.count(method::get, "a", "dns", 1ms);
    metrics.count(method::post, "b", "200", 1ms);
    EXPECT_EQ(recorder.touched(), (std::map<std::string, int>{
                                      {"http_client_requests_total{method=GET,host=a,status=200}", 2},
                                      {"http_client_requests_total{method=GET,host=a,status=dns}", 1},
                                      {"http_client_requests_total{method=POST,host=b,status=200}", 1},
                                      {"http_client_request_duration_seconds{method=GET,host=a}", 3},
                                      {"http_client_request_duration_seconds{method=POST,host=b}", 1},
                                  }));
}

TEST(ClientMetrics, GivesOnlySoManyHostsALabel) {
    const telemetry_recorder recorder;
    client_metrics metrics;
    for (std::size_t i = 0; i < client_metrics::max_hosts + 10; ++i)
        metrics.count(method::get, "host-" + std::to_string(i), "200", 1ms);
    metrics.count(method::get, "host-0", "200", 1ms);
    auto touched = recorder.touched();
    EXPECT_EQ(touched["http_client_requests_total{method=GET,host=(other),status=200}"], 10);
    EXPECT_EQ(touched["http_client_requests_total{method=GET,host=host-0,status=200}"], 2);
}

TEST(ClientMetrics, LabelsAStatusThatNobodyHasNamedByItsClass) {
    EXPECT_EQ(status_label(200), "200");
    EXPECT_EQ(status_label(404), "404");
    EXPECT_EQ(status_label(299), "2xx");
    EXPECT_EQ(status_label(799), "7xx");
}

} // namespace
} // namespace infra::http
