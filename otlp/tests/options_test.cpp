#include <infra/otlp.hpp>

#include <infra/base/error.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::otlp {
namespace {

using namespace std::chrono_literals;

std::optional<options> read(environment::variables values) {
    return options_from(environment(std::move(values)), "shop");
}

std::string complaint(environment::variables values) {
    values.emplace("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318");
    try {
        (void)read(std::move(values));
    } catch (const error& e) {
        return e.code() == errc::misconfigured ? e.what() : "another code";
    }
    return "";
}

TEST(OtlpOptions, AreNoneWithoutAnEndpoint) {
    EXPECT_FALSE(read({}));
    EXPECT_FALSE(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}, {"OTEL_SDK_DISABLED", "true"}}));
    EXPECT_FALSE(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}, {"OTEL_TRACES_EXPORTER", "none"}}));
}

TEST(OtlpOptions, AddThePathToTheCommonEndpointOnly) {
    EXPECT_EQ(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}})->traces_url, "http://c:4318/v1/traces");
    EXPECT_EQ(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://c/otlp/"}})->traces_url, "https://c/otlp/v1/traces");
    EXPECT_EQ(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://d/x"}})
                  ->traces_url,
              "http://d/x");
}

TEST(OtlpOptions, AreOpenTelemetrysVariables) {
    const auto o = *read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"},
                          {"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"},
                          {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b,x-tenant=t"},
                          {"OTEL_EXPORTER_OTLP_TIMEOUT", "1500"},
                          {"OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=prod,service.name=other"},
                          {"OTEL_SERVICE_NAME", "billing"},
                          {"OTEL_BSP_SCHEDULE_DELAY", "100"},
                          {"OTEL_BSP_EXPORT_TIMEOUT", "200"},
                          {"OTEL_BSP_MAX_QUEUE_SIZE", "64"}});
    EXPECT_EQ(o.headers.get("api-key"), "a b");
    EXPECT_EQ(o.headers.get("x-tenant"), "t");
    EXPECT_EQ(o.timeout, 1500ms);
    EXPECT_EQ(o.resource, (resource{{"deployment.environment", "prod"}, {"service.name", "billing"}}));
    EXPECT_EQ(o.schedule_delay, 100ms);
    EXPECT_EQ(o.export_timeout, 200ms);
    EXPECT_EQ(o.max_queue, 64U);
    EXPECT_EQ(o.max_batch, 64U); // never more than can wait
}

TEST(OtlpOptions, OfMetricsAreOpenTelemetrysVariables) {
    const auto metrics = [](environment::variables values) {
        return metrics_options_from(environment(std::move(values)), "shop");
    };
    const std::pair<const std::string, std::string> endpoint("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c");
    EXPECT_FALSE(metrics({}));
    EXPECT_FALSE(metrics({endpoint, {"OTEL_SDK_DISABLED", "true"}}));
    EXPECT_FALSE(metrics({endpoint, {"OTEL_METRICS_EXPORTER", "none"}}));
    EXPECT_FALSE(metrics({endpoint, {"OTEL_METRICS_EXPORTER", "prometheus"}}));
    EXPECT_TRUE(metrics({endpoint, {"OTEL_METRICS_EXPORTER", "otlp,prometheus"}}));
    EXPECT_EQ(metrics({endpoint})->url, "http://c/v1/metrics");
    const auto o = *metrics({endpoint,
                             {"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://d/x"},
                             {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a"},
                             {"OTEL_EXPORTER_OTLP_METRICS_HEADERS", "api-key=b"},
                             {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
                             {"OTEL_METRIC_EXPORT_INTERVAL", "100"},
                             {"OTEL_METRIC_EXPORT_TIMEOUT", "200"}});
    EXPECT_EQ(o.url, "http://d/x");
    EXPECT_EQ(o.headers.get("api-key"), "b");
    EXPECT_TRUE(o.compress);
    EXPECT_EQ(o.interval, 100ms);
    EXPECT_EQ(o.export_timeout, 200ms);
    EXPECT_EQ(o.resource, (resource{{"service.name", "shop"}}));
}

TEST(OtlpOptions, OfLogsAreOpenTelemetrysVariables) {
    const auto logs = [](environment::variables values) {
        return logs_options_from(environment(std::move(values)), "shop");
    };
    const std::pair<const std::string, std::string> endpoint("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c");
    EXPECT_FALSE(logs({}));
    EXPECT_FALSE(logs({endpoint, {"OTEL_SDK_DISABLED", "true"}}));
    EXPECT_FALSE(logs({endpoint, {"OTEL_LOGS_EXPORTER", "none"}}));
    EXPECT_FALSE(logs({endpoint, {"OTEL_LOGS_EXPORTER", "console"}}));
    EXPECT_TRUE(logs({endpoint, {"OTEL_LOGS_EXPORTER", "otlp,console"}}));
    EXPECT_EQ(logs({endpoint})->url, "http://c/v1/logs");
    EXPECT_EQ(logs({endpoint})->schedule_delay, 1s);
    EXPECT_EQ(logs({endpoint})->max_queue, 2048U);
    EXPECT_EQ(logs({endpoint})->max_batch, 512U);
    const auto o = *logs({endpoint,
                          {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://d/x"},
                          {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a"},
                          {"OTEL_EXPORTER_OTLP_LOGS_HEADERS", "api-key=b"},
                          {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "50"},
                          {"OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gzip"},
                          {"OTEL_BLRP_SCHEDULE_DELAY", "100"},
                          {"OTEL_BLRP_EXPORT_TIMEOUT", "200"},
                          {"OTEL_BLRP_MAX_QUEUE_SIZE", "10"},
                          {"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "20"}});
    EXPECT_EQ(o.url, "http://d/x");
    EXPECT_EQ(o.headers.get("api-key"), "b");
    EXPECT_EQ(o.timeout, 50ms);
    EXPECT_TRUE(o.compress);
    EXPECT_EQ(o.schedule_delay, 100ms);
    EXPECT_EQ(o.export_timeout, 200ms);
    EXPECT_EQ(o.max_queue, 10U);
    EXPECT_EQ(o.max_batch, 10U);
    EXPECT_EQ(o.resource, (resource{{"service.name", "shop"}}));
}

TEST(OtlpOptions, CompressOnlyWhereTold) {
    const std::pair<const std::string, std::string> endpoint("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c");
    EXPECT_FALSE(read({endpoint})->compress);
    EXPECT_FALSE(read({endpoint, {"OTEL_EXPORTER_OTLP_COMPRESSION", "none"}})->compress);
    EXPECT_TRUE(read({endpoint, {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"}})->compress);
    EXPECT_FALSE(
        read({endpoint, {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"}, {"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none"}})
            ->compress);
}

TEST(OtlpOptions, NameTheServiceAsTheProgramDoesUnlessTold) {
    EXPECT_EQ(read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}})->resource, (resource{{"service.name", "shop"}}));
    EXPECT_EQ(
        read({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c"}, {"OTEL_RESOURCE_ATTRIBUTES", "service.name=x"}})->resource,
        (resource{{"service.name", "x"}}));
}

TEST(OtlpOptions, NameTheVariableThatIsWrong) {
    EXPECT_EQ(complaint({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "c:4318"}}),
              "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: expected a URL that begins with http:// or https://");
    EXPECT_NE(complaint({{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"}}).find("expected http/json"), std::string::npos);
    EXPECT_EQ(complaint({{"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "nonsense"}}),
              "OTEL_EXPORTER_OTLP_TRACES_HEADERS: expected key=value pairs between commas");
    EXPECT_EQ(complaint({{"OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"}}),
              "OTEL_EXPORTER_OTLP_COMPRESSION: expected gzip or none");
    EXPECT_NE(complaint({{"OTEL_EXPORTER_OTLP_TIMEOUT", "soon"}}).find("OTEL_EXPORTER_OTLP_TIMEOUT"),
              std::string::npos);
}

TEST(OtlpOptions, AreValidatedByField) {
    EXPECT_NO_THROW(validate(options{}));
    EXPECT_NO_THROW(validate(metrics_options{}));
    EXPECT_THROW(validate(metrics_options{.url = ""}), std::invalid_argument);
    EXPECT_THROW(validate(metrics_options{.interval = 0ms}), std::invalid_argument);
    EXPECT_THROW(validate(metrics_options{.max_points = 0}), std::invalid_argument);
    EXPECT_NO_THROW(validate(logs_options{}));
    EXPECT_THROW(validate(logs_options{.url = ""}), std::invalid_argument);
    EXPECT_THROW(validate(logs_options{.max_queue_bytes = 0}), std::invalid_argument);
    EXPECT_THROW(validate(logs_options{.max_batch = 0}), std::invalid_argument);
    EXPECT_THROW(validate(logs_options{.max_queue = 10, .max_batch = 11}), std::invalid_argument);
    EXPECT_THROW(validate(logs_options{.schedule_delay = 0ms}), std::invalid_argument);
    EXPECT_THROW(validate(options{.traces_url = ""}), std::invalid_argument);
    EXPECT_THROW(validate(options{.timeout = 0ms}), std::invalid_argument);
    EXPECT_THROW(validate(options{.export_timeout = 0ms}), std::invalid_argument);
    EXPECT_THROW(validate(options{.max_queue = 10, .max_batch = 11}), std::invalid_argument);
    EXPECT_THROW(validate(options{.max_batch = 0}), std::invalid_argument);
    EXPECT_THROW(validate(options{.schedule_delay = 0ms}), std::invalid_argument);
}

} // namespace
} // namespace infra::otlp
