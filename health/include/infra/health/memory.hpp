#pragma once

/// Is memory running out?

#include <infra/health/report.hpp>

#include <stdexcept>

namespace infra::health {

struct memory_check_options {
    double degraded_above = 0.85;  ///< part of the limit in use; more than 0, at most unhealthy_above
    double unhealthy_above = 0.95; ///< at most 1
};

/// A ready-made check: what is in use against the limit, both as the kernel counts them before it kills.
///
/// Under a cgroup v2 limit, the service's own or of a group around it, in use is what the kernel could not take back from
/// that group: everything charged to it but the file cache and reclaimable slabs. (Resident size would miss child
/// processes and tmpfs, the group's whole charge would count a warm file cache as danger.) Without a limit it is the
/// resident size of the process against the memory of the machine. Linux; where nothing can be read the check is degraded.
///
/// Threads:  any, at once.
/// Errors:   with() throws std::invalid_argument naming the option.
class memory_check {
public:
    constexpr memory_check() = default;

    constexpr memory_check with(memory_check_options options) const {
        if (!(options.degraded_above > 0 && options.degraded_above <= options.unhealthy_above))
            throw std::invalid_argument(
                "health::memory_check_options::degraded_above must be more than 0 and at most unhealthy_above");
        if (options.unhealthy_above > 1)
            throw std::invalid_argument("health::memory_check_options::unhealthy_above must be at most 1");
        return memory_check(options);
    }

    check_result operator()() const;

private:
    constexpr explicit memory_check(memory_check_options options) : options_(options) {}
    memory_check_options options_{};
};

inline constexpr memory_check memory_health_check{};

} // namespace infra::health
