#pragma once

#include "../core.hpp"
#include "../progress.hpp"
#include "plan.hpp"
#include "target.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/bucket.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage {

/// One part on its way into the file. Where its body is cut off it goes on from the byte reached, on another connection, as long as
/// the object is the same.
///
/// Threads:  one loop's.
/// Errors:   storage_error; errc::precondition where the object is another by now.
/// Cancel:   terminal.
class reception {
public:
    reception(core_ptr core, std::string key, object_info version, std::shared_ptr<target_file> to, slice part,
              checksum_kind kind)
        : core_(std::move(core)),
          key_(std::move(key)),
          version_(std::move(version)),
          to_(std::move(to)),
          part_(part),
          sum_(kind) {}

    /// Its first request, where somebody has made it.
    void begin_with(opened first) { first_ = std::move(first); }

    /// The part's checksum, once all of it is in the file.
    static awaitable<checksum> receive(std::shared_ptr<reception> self, std::shared_ptr<progress_teller> told,
                                       deadline limit);

private:
    // Pieces that have come, also where the next one did not.
    struct gathered {
        std::vector<std::string> pieces{};
        bool ended = false;
        std::exception_ptr failure{};
    };

    static awaitable<bool> take_first(std::shared_ptr<reception> self, std::shared_ptr<progress_teller> told,
                                      deadline limit);
    awaitable<void> attempt_once(attempt a, std::shared_ptr<progress_teller> told);
    awaitable<opened> open(attempt a);
    awaitable<void> take_all(byte_source from, std::shared_ptr<progress_teller> told);
    awaitable<gathered> gather(byte_source& from);
    awaitable<std::uint64_t> write(std::vector<std::string> pieces);

    const core_ptr core_;
    const std::string key_;
    const object_info version_;
    const std::shared_ptr<target_file> to_;
    const slice part_;
    const std::shared_ptr<steady_time> moved_ = std::make_shared<steady_time>();
    std::optional<opened> first_{};
    std::uint64_t done_ = 0;
    running_checksum sum_; // of those bytes
};

/// The object is another than the one that is being read.
storage_error changed_meanwhile(std::string_view key);

} // namespace infra::storage
