#pragma once

#include <infra/base/telemetry.hpp>

#include <mutex>
#include <set>
#include <string>

namespace infra::storage::disk {

/// Tells of what is known of objects, and cannot be read: in the log and in storage_file_damaged_total, once of each version.
///
/// Threads: any.
class damage {
public:
    damage();

    /// In `file`, below the root.
    void found(const std::string& key, const std::string& file);

private:
    bool is_news(const std::string& file);

    const telemetry::series total_;
    std::mutex mutex_;
    std::set<std::string> told_; // guarded by mutex_; all is told anew once these are too many
};

} // namespace infra::storage::disk
