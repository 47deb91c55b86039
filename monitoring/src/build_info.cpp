#include "process.hpp"

namespace infra::monitoring::detail {

family_snapshot build_info() {
    static constexpr infra::label facts[] = {{"compiler", __VERSION__}, {"version", INFRA_VERSION}};
    static const label_set set{std::span(facts)};
    static const std::string labels = set.text();
    static const label_map named = set.map();
    return {.exposed = {.name = "infra_build_info"},
            .type = metric_type::gauge,
            .help = "The library this process was built with; always 1.",
            .samples = {{.labels = labels, .value = 1, .named = &named}}};
}

} // namespace infra::monitoring::detail
