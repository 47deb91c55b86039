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

/// What those have that send in batches; `prefix` as OpenTelemetry names the processor: `OTEL_BSP_`.
template <class Options>
void read_batching(Options& out, const environment& env, const std::string& prefix) {
    const auto size = [&](const char* name, std::size_t fallback, std::int64_t most) {
        return static_cast<std::size_t>(env.integer(prefix + name, static_cast<std::int64_t>(fallback), 1, most));
    };
    out.export_timeout = milliseconds(env, prefix + "EXPORT_TIMEOUT", out.export_timeout);
    out.schedule_delay = milliseconds(env, prefix + "SCHEDULE_DELAY", out.schedule_delay);
    out.max_queue = size("MAX_QUEUE_SIZE", out.max_queue, 1'000'000);
    out.max_batch = std::min(size("MAX_EXPORT_BATCH_SIZE", out.max_batch, 100'000), out.max_queue);
}

/// Where the signal's items go; nowhere unless both the endpoint and its exporter are wanted.
std::optional<std::string> wanted_url(const environment& env, const std::string& signal, std::string_view path,
                                      bool (*wants)(const std::string& exporters)) {
    if (env.boolean("OTEL_SDK_DISABLED", false) || !wants(env.get_or("OTEL_" + signal + "_EXPORTER", "otlp")))
        return std::nullopt;
    return url_from(env, signal, path);
}

bool is_not_none(const std::string& exporters) { return exporters != "none"; }

// The variable may name several: `otlp,prometheus`. /metrics and the log's other outputs are there in any case.
bool names_otlp(const std::string& exporters) { return exporters.find("otlp") != exporters.npos; }

/// Says which member of which struct is wrong.
class requirements {
public:
    explicit requirements(const char* of) : of_(of) {}

    void require(bool holds, const char* sentence) const {
        if (!holds)
            throw std::invalid_argument(std::string("otlp::") + of_ + "::" + sentence);
    }
    template <class Options>
    void of_all(const Options& o, const std::string& url, const char* of_url) const {
        require(!url.empty(), of_url);
        require(o.timeout.count() > 0, "timeout must be greater than zero");
        require(o.export_timeout.count() > 0, "export_timeout must be greater than zero");
    }
    template <class Options>
    void of_batching(const Options& o) const {
        require(o.schedule_delay.count() > 0, "schedule_delay must be greater than zero");
        require(o.max_queue > 0, "max_queue must be at least 1");
        require(o.max_batch > 0 && o.max_batch <= o.max_queue, "max_batch must be from 1 to max_queue");
    }

private:
    const char* of_;
};

} // namespace

std::optional<options> options_from(const environment& env, std::string service) {
    auto url = wanted_url(env, "TRACES", "v1/traces", &is_not_none);
    if (!url)
        return std::nullopt;
    options out{.traces_url = *std::move(url)};
    read_common(out, env, "TRACES", std::move(service));
    read_batching(out, env, "OTEL_BSP_");
    return out;
}

std::optional<metrics_options> metrics_options_from(const environment& env, std::string service) {
    auto url = wanted_url(env, "METRICS", "v1/metrics", &names_otlp);
    if (!url)
        return std::nullopt;
    metrics_options out{.url = *std::move(url)};
    read_common(out, env, "METRICS", std::move(service));
    out.export_timeout = milliseconds(env, "OTEL_METRIC_EXPORT_TIMEOUT", out.export_timeout);
    out.interval = milliseconds(env, "OTEL_METRIC_EXPORT_INTERVAL", out.interval);
    return out;
}

std::optional<logs_options> logs_options_from(const environment& env, std::string service) {
    auto url = wanted_url(env, "LOGS", "v1/logs", &names_otlp);
    if (!url)
        return std::nullopt;
    logs_options out{.url = *std::move(url)};
    read_common(out, env, "LOGS", std::move(service));
    read_batching(out, env, "OTEL_BLRP_");
    return out;
}

void validate(const options& o) {
    const requirements all("options");
    all.of_all(o, o.traces_url, "traces_url must not be empty");
    all.of_batching(o);
}

void validate(const metrics_options& o) {
    const requirements all("metrics_options");
    all.of_all(o, o.url, "url must not be empty");
    all.require(o.interval.count() > 0, "interval must be greater than zero");
    all.require(o.max_points > 0, "max_points must be at least 1");
}

void validate(const logs_options& o) {
    const requirements all("logs_options");
    all.of_all(o, o.url, "url must not be empty");
    all.of_batching(o);
    all.require(o.max_queue_bytes > 0, "max_queue_bytes must be at least 1");
}

} // namespace infra::otlp
