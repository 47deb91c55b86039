#include <infra/otlp.hpp>

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/base/propagation.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::otlp {
namespace {

/// A variable by its name, for errors, and its value.
using setting = std::optional<std::pair<std::string, std::string>>;

/// The signal's own (`TRACES`) where it is set, otherwise that for every signal.
setting find(const environment& env, const std::string& signal, const std::string& what) {
    for (const auto& name : {"OTEL_EXPORTER_OTLP_" + signal + "_" + what, "OTEL_EXPORTER_OTLP_" + what})
        if (auto value = env.get(name))
            return std::pair(name, *value);
    return std::nullopt;
}

[[noreturn]] void misconfigured(const std::string& variable, const std::string& why) {
    throw error(errc::misconfigured, variable + ": " + why);
}

std::string checked_url(const std::string& variable, std::string url) {
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        misconfigured(variable, "expected a URL that begins with http:// or https://");
    return url;
}

// A list in the form of W3C baggage: `key=value,other=value`, percent-encoded.
baggage pairs(const std::string& variable, const std::string& text) {
    auto out = parse_baggage(text);
    const auto expected = std::ranges::count(text, ',') + 1;
    if (static_cast<std::ptrdiff_t>(out.size()) != expected)
        misconfigured(variable, "expected key=value pairs between commas");
    return out;
}

std::chrono::milliseconds milliseconds(const environment& env, const std::string& name,
                                       std::chrono::milliseconds fallback) {
    return std::chrono::milliseconds(env.integer(name, fallback.count(), 1, 86'400'000));
}

resource resource_from(const environment& env, std::string service) {
    resource out;
    if (const auto text = env.get("OTEL_RESOURCE_ATTRIBUTES"))
        out = pairs("OTEL_RESOURCE_ATTRIBUTES", *text);
    const auto named = std::ranges::find(out, "service.name", &resource::value_type::first);
    if (const auto name = env.get("OTEL_SERVICE_NAME")) {
        if (named != out.end())
            out.erase(named);
        out.emplace_back("service.name", *name);
    } else if (named == out.end()) {
        out.emplace_back("service.name", std::move(service));
    }
    return out;
}

std::optional<std::string> url_from(const environment& env, const std::string& signal, std::string_view path) {
    const auto own = "OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT";
    if (auto url = env.get(own))
        return checked_url(own, *std::move(url));
    auto common = env.get("OTEL_EXPORTER_OTLP_ENDPOINT");
    if (!common)
        return std::nullopt;
    auto url = checked_url("OTEL_EXPORTER_OTLP_ENDPOINT", *std::move(common));
    return url.append(url.ends_with('/') ? "" : "/").append(path);
}

bool compress_from(const environment& env, const std::string& signal) {
    const auto compression = find(env, signal, "COMPRESSION");
    if (compression && compression->second != "gzip" && compression->second != "none")
        misconfigured(compression->first, "expected gzip or none");
    return compression && compression->second == "gzip";
}

/// What the options of every signal have.
template <class Options>
void read_common(Options& out, const environment& env, const std::string& signal, std::string service) {
    if (const auto protocol = find(env, signal, "PROTOCOL"); protocol && protocol->second != "http/json")
        misconfigured(protocol->first, "expected http/json, the form we speak; every collector takes it on port 4318");
    if (const auto headers = find(env, signal, "HEADERS"))
        for (const auto& [key, value] : pairs(headers->first, headers->second))
            out.headers.set(key, value);
    if (const auto timeout = find(env, signal, "TIMEOUT"))
        out.timeout = milliseconds(env, timeout->first, out.timeout);
    out.compress = compress_from(env, signal);
    out.resource = resource_from(env, std::move(service));
}

bool is_wanted(const environment& env, const char* exporters) {
    return !env.boolean("OTEL_SDK_DISABLED", false) && env.get_or(exporters, "otlp").find("otlp") != std::string::npos;
}

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("otlp::") + sentence);
}

} // namespace

std::optional<options> options_from(const environment& env, std::string service) {
    if (env.boolean("OTEL_SDK_DISABLED", false) || env.get_or("OTEL_TRACES_EXPORTER", "otlp") == "none")
        return std::nullopt;
    auto url = url_from(env, "TRACES", "v1/traces");
    if (!url)
        return std::nullopt;
    options out{.traces_url = *std::move(url)};
    read_common(out, env, "TRACES", std::move(service));
    out.export_timeout = milliseconds(env, "OTEL_BSP_EXPORT_TIMEOUT", out.export_timeout);
    out.schedule_delay = milliseconds(env, "OTEL_BSP_SCHEDULE_DELAY", out.schedule_delay);
    out.max_queue = static_cast<std::size_t>(env.integer("OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1, 1'000'000));
    out.max_batch = static_cast<std::size_t>(env.integer("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1, 100'000));
    out.max_batch = std::min(out.max_batch, out.max_queue);
    return out;
}

// The variable may name several: `otlp,prometheus`. /metrics and the log's other outputs are there in any case.
std::optional<metrics_options> metrics_options_from(const environment& env, std::string service) {
    if (!is_wanted(env, "OTEL_METRICS_EXPORTER"))
        return std::nullopt;
    auto url = url_from(env, "METRICS", "v1/metrics");
    if (!url)
        return std::nullopt;
    metrics_options out{.url = *std::move(url)};
    read_common(out, env, "METRICS", std::move(service));
    out.export_timeout = milliseconds(env, "OTEL_METRIC_EXPORT_TIMEOUT", out.export_timeout);
    out.interval = milliseconds(env, "OTEL_METRIC_EXPORT_INTERVAL", out.interval);
    return out;
}

std::optional<logs_options> logs_options_from(const environment& env, std::string service) {
    if (!is_wanted(env, "OTEL_LOGS_EXPORTER"))
        return std::nullopt;
    auto url = url_from(env, "LOGS", "v1/logs");
    if (!url)
        return std::nullopt;
    logs_options out{.url = *std::move(url)};
    read_common(out, env, "LOGS", std::move(service));
    out.export_timeout = milliseconds(env, "OTEL_BLRP_EXPORT_TIMEOUT", out.export_timeout);
    out.schedule_delay = milliseconds(env, "OTEL_BLRP_SCHEDULE_DELAY", out.schedule_delay);
    out.max_queue = static_cast<std::size_t>(env.integer("OTEL_BLRP_MAX_QUEUE_SIZE", 2048, 1, 1'000'000));
    out.max_batch = static_cast<std::size_t>(env.integer("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", 512, 1, 100'000));
    out.max_batch = std::min(out.max_batch, out.max_queue);
    return out;
}

void validate(const options& o) {
    require(!o.traces_url.empty(), "options::traces_url must not be empty");
    require(o.timeout.count() > 0, "options::timeout must be greater than zero");
    require(o.export_timeout.count() > 0, "options::export_timeout must be greater than zero");
    require(o.schedule_delay.count() > 0, "options::schedule_delay must be greater than zero");
    require(o.max_queue > 0, "options::max_queue must be at least 1");
    require(o.max_batch > 0 && o.max_batch <= o.max_queue, "options::max_batch must be from 1 to max_queue");
}

void validate(const metrics_options& o) {
    require(!o.url.empty(), "metrics_options::url must not be empty");
    require(o.timeout.count() > 0, "metrics_options::timeout must be greater than zero");
    require(o.export_timeout.count() > 0, "metrics_options::export_timeout must be greater than zero");
    require(o.interval.count() > 0, "metrics_options::interval must be greater than zero");
    require(o.max_points > 0, "metrics_options::max_points must be at least 1");
}

void validate(const logs_options& o) {
    require(!o.url.empty(), "logs_options::url must not be empty");
    require(o.timeout.count() > 0, "logs_options::timeout must be greater than zero");
    require(o.export_timeout.count() > 0, "logs_options::export_timeout must be greater than zero");
    require(o.schedule_delay.count() > 0, "logs_options::schedule_delay must be greater than zero");
    require(o.max_queue > 0, "logs_options::max_queue must be at least 1");
    require(o.max_queue_bytes > 0, "logs_options::max_queue_bytes must be at least 1");
    require(o.max_batch > 0 && o.max_batch <= o.max_queue, "logs_options::max_batch must be from 1 to max_queue");
}

} // namespace infra::otlp
