#pragma once

#include <infra/base/clock.hpp>
#include <infra/email/template.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace infra::email {

/// Templates that have been read, as long as their files stay as they are.
///
/// Each get() asks the disk which file it is now and whether that has changed, which takes a few microseconds and saves
/// reading and parsing it. What has been written in the last moments is read again each time: its next change might leave
/// time and size as they are.
///
/// Threads: any. Blocks on the disk.
class template_cache {
public:
    /// `time` must outlive it, and be the one by which the disk dates its files.
    explicit template_cache(const clock& time) noexcept : time_(time) {}

    /// Throws errc::no_template with all paths tried, errc::bad_template, infra::errc::io for a file that is there and
    /// cannot be read.
    std::shared_ptr<const email_template> get(const std::string& directory, const std::string& name,
                                              const std::string& locale);

private:
    struct entry;
    std::shared_ptr<const entry> find(const std::string& path);

    const clock& time_;
    std::mutex mutex_;
    std::map<std::string, std::shared_ptr<const entry>, std::less<>> entries_; // by path; guarded by mutex_
};

} // namespace infra::email
