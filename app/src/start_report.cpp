#include "start_report.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

#include <unistd.h>

namespace infra::app {

void log_start(const app_options& options, const started& service, std::chrono::milliseconds took) {
    json::object backends;
    for (const auto& each : service.backends) {
        logging::info("backend chosen", {{"for", each.module}, {"backend", each.backend}});
        backends[each.module] = each.backend;
    }
    logging::info("listening", {{"service", options.name}, {"url", service.url}});
    logging::info("started", {{"service", options.name},
                              {"version", options.version},
                              {"url", service.url},
                              {"pid", ::getpid()},
                              {"loops", default_loops().size()},
                              {"took", took},
                              {"backends", json::value(backends)}});
}

std::string start_table(const app_options& options, const started& service) {
    if (::isatty(STDERR_FILENO) == 0)
        return {};
    std::size_t widest = 0;
    for (const auto& each : service.backends)
        widest = std::max(widest, each.module.size());
    std::string text =
        "\n  " + options.name + (options.version.empty() ? "" : " " + options.version) + "  " + service.url + "\n\n";
    for (const auto& [module, backend] : service.backends)
        text.append("  ").append(module).append(widest + 2 - module.size(), ' ').append(backend).append("\n");
    return text;
}

} // namespace infra::app
