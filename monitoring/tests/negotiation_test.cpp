#include "src/exposition.hpp"

#include <gtest/gtest.h>

namespace infra::monitoring::detail {
namespace {

using enum exposition_format;

TEST(Negotiation, ChoosesTheFormThatIsPreferred) {
    const std::vector<std::pair<std::string, exposition_format>> table = {
        {"", text},
        {"*/*", text},
        {"text/html,application/xhtml+xml,*/*;q=0.8", text},
        {"text/plain", text},
        {"text/plain;version=0.0.4;charset=utf-8", text},
        {"application/openmetrics-text", openmetrics},
        {"application/openmetrics-text; version=1.0.0; charset=utf-8", openmetrics},
        {"Application/OpenMetrics-Text;Version=\"1.0.0\"", openmetrics},
        {"application/openmetrics-text;version=0.0.1", openmetrics0},
        {"application/openmetrics-text;version=2.0.0", text}, // not ours, and nothing else is asked for
        // Prometheus 2.42
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         openmetrics},
        // Prometheus 3
        {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
         "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.3",
         openmetrics},
        {"application/openmetrics-text;q=0.4,text/plain;q=0.6", text},
        {"application/openmetrics-text;q=0.6,text/plain;q=0.4", openmetrics},
        {"text/plain,application/openmetrics-text", openmetrics},
        {"application/openmetrics-text;q=0,text/plain;q=0.1", text},
        {"application/openmetrics-text;q=0", text},
        {"application/openmetrics-text;q=nonsense,text/plain;q=0.1", text},
        {"application/openmetrics-text;q=1.5,text/plain;q=0.1", text},
        {"application/json", text},
        {",,;;=,", text},
        {"application/openmetrics-text \t; q = 0.9 ,\ttext/plain;q=0.8", openmetrics},
    };
    for (const auto& [accept, format] : table)
        EXPECT_EQ(choose_format(accept), format) << accept;
}

TEST(Negotiation, CompressesOnlyForWhoTakesGzip) {
    for (const char* yes : {"gzip", "GZIP", "x-gzip", "deflate, gzip", "gzip;q=0.5, br", "*", "*;q=0.1, br"})
        EXPECT_TRUE(takes_gzip(yes)) << yes;
    for (const char* no : {"", "br", "identity", "gzip;q=0", "*;q=0", "gzip;q=0, *", "gzipped"})
        EXPECT_FALSE(takes_gzip(no)) << no;
}

} // namespace
} // namespace infra::monitoring::detail
