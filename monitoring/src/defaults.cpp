#include <infra/monitoring.hpp>

#include <infra/base/error.hpp>
#include <infra/runtime/environment.hpp>

namespace infra::monitoring {
namespace {

tracer_options options_of_process() {
    try {
        return tracer_options_from(environment::of_process());
    } catch (const error& e) { // traces are no reason for a service not to start
        telemetry::log(level::warn, "monitoring", e.what(), {{"sampler", "parentbased_always_on"}});
        return {};
    }
}

metrics& make_metrics() {
    auto& made = *new metrics({.process_metrics = true});
    made.install();
    return made;
}

tracer& make_tracer() {
    auto& made = *new tracer(options_of_process());
    made.install();
    return made;
}

} // namespace

metrics& default_metrics() {
    static metrics& one = make_metrics();
    return one;
}

tracer& default_tracer() {
    static tracer& one = make_tracer();
    return one;
}

void install() {
    default_metrics().install();
    default_tracer().install();
}

} // namespace infra::monitoring
