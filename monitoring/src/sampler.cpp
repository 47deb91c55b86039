#include <infra/monitoring/tracer.hpp>

#include <infra/base/error.hpp>
#include <infra/runtime/environment.hpp>

#include <algorithm>
#include <charconv>

namespace infra::monitoring {
namespace {

double ratio_from(const environment& env) {
    const auto text = env.get("OTEL_TRACES_SAMPLER_ARG");
    if (!text)
        return 1;
    double ratio = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), ratio);
    if (problem != std::errc{} || end != text->data() + text->size() || !(ratio >= 0 && ratio <= 1))
        throw error(errc::misconfigured, "OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1");
    return ratio;
}

} // namespace

bool sampler::samples(infra::trace_id trace, const infra::span_context& parent) const noexcept {
    if (follows_parent && parent.valid())
        return parent.sampled();
    constexpr std::uint64_t all = std::uint64_t(1) << 56;
    const auto threshold = static_cast<std::uint64_t>((1 - ratio) * static_cast<double>(all));
    return ratio > 0 && (trace.low & (all - 1)) >= threshold;
}

sampler sampler_from(const environment& env) {
    const auto chosen = env.get_or("OTEL_TRACES_SAMPLER", "parentbased_always_on");
    constexpr std::string_view prefix = "parentbased_";
    std::string_view root = chosen;
    sampler made;
    made.follows_parent = root.starts_with(prefix);
    if (made.follows_parent)
        root.remove_prefix(prefix.size());
    if (root == "always_on")
        made.ratio = 1;
    else if (root == "always_off")
        made.ratio = 0;
    else if (root == "traceidratio")
        made.ratio = ratio_from(env);
    else
        throw error(errc::misconfigured,
                    "OTEL_TRACES_SAMPLER: expected always_on, always_off or traceidratio, or one of "
                    "them after parentbased_");
    return made;
}

tracer_options tracer_options_from(const environment& env) {
    tracer_options made{.sampler = sampler_from(env)};
    const auto limit = [&env](std::string_view name, std::size_t fallback) {
        return static_cast<std::size_t>(env.integer(name, static_cast<std::int64_t>(fallback), 0, 1'000'000));
    };
    made.max_attributes = limit("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", made.max_attributes);
    made.max_events = limit("OTEL_SPAN_EVENT_COUNT_LIMIT", made.max_events);
    made.max_links = limit("OTEL_SPAN_LINK_COUNT_LIMIT", made.max_links);
    made.max_value_bytes = std::max(limit("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", made.max_value_bytes), std::size_t(1));
    return made;
}

} // namespace infra::monitoring
