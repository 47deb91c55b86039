#include "process.hpp"

namespace infra::monitoring::detail {

family_snapshot build_info() {
    static constexpr infra::label facts[] = {{"compiler", __VERSION__}, {"version", INFRA_VERSION}};
    static const std::string labels = label_set{std::span(facts)}.text();
    return {.exposed = {.name = "infra_build_info"},
            .type = metric_type::gauge,
            .help = "The library this process was built with; always 1.",
            .samples = {{.labels = labels, .value = 1}}};
}

} // namespace infra::monitoring::detail
