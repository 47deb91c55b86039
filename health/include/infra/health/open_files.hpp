#pragma once

/// Are file descriptors running out?

#include <infra/health/report.hpp>

namespace infra::health {

struct open_files_check_options {
    double degraded_above = 0.80;  ///< part of the process's limit (`ulimit -n`); more than 0, at most unhealthy_above
    double unhealthy_above = 0.95; ///< at most 1
};

/// A ready-made check: files, sockets and everything else with a descriptor, against the limit at which accept() fails.
///
///     register_health_check("open files", open_files_check());
///
/// Linux; where nothing can be read the check is degraded.
///
/// Threads:  any, at once.
/// Errors:   the constructor throws std::invalid_argument naming the option.
class open_files_check {
public:
    explicit open_files_check(open_files_check_options options = {});
    check_result operator()() const;

private:
    open_files_check_options options_;
};

} // namespace infra::health
