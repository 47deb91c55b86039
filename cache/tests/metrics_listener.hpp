#pragma once

// What the cache reports, read back in tests.

#include <infra/base/telemetry.hpp>

#include <map>
#include <span>
#include <string>

namespace infra::cache::tests {

/// Keeps the sums of what is added, and the last of what is recorded, by `name{label=value}`. Each test is a process.
class metrics_listener {
public:
    metrics_listener() {
        sums().clear();
        telemetry::install(&table);
    }
    ~metrics_listener() { telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr)); }
    static double of(const std::string& name) { return sums()[name]; }

private:
    static std::map<std::string, double>& sums() {
        static std::map<std::string, double> all;
        return all;
    }
    static void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
        std::string name(of.name);
        for (const auto& [key, value] : labels)
            name.append("{").append(key).append("=").append(value).append("}");
        return &*sums().try_emplace(name).first;
    }
    static double& in(void* series) noexcept {
        return static_cast<std::pair<const std::string, double>*>(series)->second;
    }
    static void add(void* series, double amount) noexcept { in(series) += amount; }
    static void record(void* series, double value) noexcept { in(series) = value; }
    static constexpr telemetry::meter_functions table{&bind, &add, &record};
};

} // namespace infra::cache::tests
