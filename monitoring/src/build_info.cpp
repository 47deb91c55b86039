#include "process.hpp"

namespace infra::monitoring::detail {

family_snapshot build_info() {
    static constexpr infra::label facts[] = {{"compiler", __VERSION__}, {"version", INFRA_VERSION}};
    return {.exposed = {.name = "infra_build_info"},
            .type = metric_type::gauge,
            .help = "The library this process was built with; always 1.",
            .samples = {{.labels = label_set{std::span(facts)}.text(), .value = 1}}};
}

} // namespace infra::monitoring::detail
