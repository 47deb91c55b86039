#include <infra/otlp.hpp>

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/base/propagation.hpp>

#include <algorithm>
#include <stdexcept>

namespace infra::otlp {
namespace {

/// The variable for traces where it is set, otherwise that for every signal: its name, for errors, and its value.
std::optional<std::pair<std::string, std::string>> for_traces(const environment& env, std::string_view what) {
    for (const std::string prefix : {"OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"})
        if (auto value = env.get(prefix + std::string(what)))
            return std::pair(prefix + std::string(what), *value);
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

} // namespace

std::optional<options> options_from(const environment& env, std::string service) {
    if (env.boolean("OTEL_SDK_DISABLED", false) || env.get_or("OTEL_TRACES_EXPORTER", "otlp") == "none")
        return std::nullopt;
    options out;
    if (const auto own = env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")) {
        out.traces_url = checked_url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", *own);
    } else if (auto all = env.get("OTEL_EXPORTER_OTLP_ENDPOINT")) {
        out.traces_url = checked_url("OTEL_EXPORTER_OTLP_ENDPOINT", *all);
        out.traces_url += out.traces_url.ends_with('/') ? "v1/traces" : "/v1/traces";
    } else {
        return std::nullopt;
    }
    if (const auto protocol = for_traces(env, "PROTOCOL"); protocol && protocol->second != "http/json")
        misconfigured(protocol->first, "expected http/json, the form we speak; every collector takes it on port 4318");
    if (const auto headers = for_traces(env, "HEADERS"))
        for (const auto& [key, value] : pairs(headers->first, headers->second))
            out.headers.set(key, value);
    if (const auto timeout = for_traces(env, "TIMEOUT"))
        out.timeout = milliseconds(env, timeout->first, out.timeout);
    out.resource = resource_from(env, std::move(service));
    out.export_timeout = milliseconds(env, "OTEL_BSP_EXPORT_TIMEOUT", out.export_timeout);
    out.schedule_delay = milliseconds(env, "OTEL_BSP_SCHEDULE_DELAY", out.schedule_delay);
    out.max_queue = static_cast<std::size_t>(env.integer("OTEL_BSP_MAX_QUEUE_SIZE", 2048, 1, 1'000'000));
    out.max_batch = static_cast<std::size_t>(env.integer("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1, 100'000));
    out.max_batch = std::min(out.max_batch, out.max_queue);
    return out;
}

void validate(const options& o) {
    const auto require = [](bool holds, const char* sentence) {
        if (!holds)
            throw std::invalid_argument(std::string("otlp::options::") + sentence);
    };
    require(!o.traces_url.empty(), "traces_url must not be empty");
    require(o.timeout.count() > 0, "timeout must be greater than zero");
    require(o.export_timeout.count() > 0, "export_timeout must be greater than zero");
    require(o.schedule_delay.count() > 0, "schedule_delay must be greater than zero");
    require(o.max_queue > 0, "max_queue must be at least 1");
    require(o.max_batch > 0 && o.max_batch <= o.max_queue, "max_batch must be from 1 to max_queue");
}

} // namespace infra::otlp
