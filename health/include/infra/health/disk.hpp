#pragma once

/// Is the disk running full?

#include <infra/health/report.hpp>

#include <string>

namespace infra::health {

struct disk_check_options {
    std::string path = ".";        ///< any file or directory of the file system in question
    double degraded_above = 0.85;  ///< part of what an ordinary user may fill; more than 0, at most unhealthy_above
    double unhealthy_above = 0.95; ///< at most 1
};

/// A ready-made check: the bytes and the inodes of a file system, as `df` counts them, whichever is scarcer.
///
///     register_health_check("disk", disk_check({.path = "var"}));
///
/// Threads:  any, at once. It may block on a network's file system, and runs on a thread.
/// Errors:   the constructor throws std::invalid_argument naming the option. A path that cannot be asked is unhealthy.
class disk_check {
public:
    explicit disk_check(disk_check_options options = {});
    check_result operator()() const;

private:
    disk_check_options options_;
};

} // namespace infra::health
