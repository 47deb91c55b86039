#pragma once

/// What a store does with files, on a thread that may wait for the disk.

#include "asker.hpp"
#include "damage.hpp"
#include "layout.hpp"
#include "sidecar.hpp"
#include "temporary.hpp"

#include <infra/base/clock.hpp>
#include <infra/storage/bucket.hpp>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage::disk {

/// An object's file, and what was known of it when it was opened.
struct open_object {
    descriptor file;
    object_info info{};
};

/// Threads:  any member from any.
/// Errors:   storage_error.
class objects {
public:
    objects(std::filesystem::path directory, bool synced, clock& time);

    const std::filesystem::path& directory() const noexcept { return directory_; }
    bool synced() const noexcept { return synced_; }
    clock& time() const noexcept { return time_; }

    /// The directory as it is now: made again where somebody has removed it, or has made it writable.
    std::shared_ptr<const layout> here();

    open_object open(const std::string& key, const std::string& what);

    /// Makes the object of what has been written: the end of a put, a copy and an upload.
    object_info commit(temporary& written, const put_request& as, const std::string& what, const asker& by);

    object_info copy(const copy_request& what, const asker& by);

    void remove(const std::string& key, const std::string& if_match, const std::string& what, const asker& by);
    std::vector<remove_outcome> remove(const std::vector<std::string>& keys, const asker& by);

    list_page list(list_options what, deadline limit);

private:
    /// Makes it the object of its key, if the conditions hold; what was there before. Empty: the directory has been removed meanwhile.
    std::optional<std::optional<version>> exchange(const descriptor& directory, temporary& written,
                                                   const put_request& as, const layout& in, const place& at,
                                                   const std::string& what, const asker& by) const;

    /// An object that is gone, and what must still go after it.
    struct removed {
        std::string directory{};
        std::string meta{}; ///< empty: there was no object
    };
    removed unlink(const layout& in, const std::string& key, const std::string& if_match, const std::string& what,
                   const asker& by) const;
    void sync(const layout& in, const std::string& directory, const std::string& what) const;
    void forget(const layout& in, const removed& what) const noexcept;

    const std::filesystem::path directory_;
    const bool synced_;
    clock& time_;
    std::mutex mutex_;
    std::shared_ptr<const layout> layout_; // guarded by mutex_
    damage damage_;
};

} // namespace infra::storage::disk
