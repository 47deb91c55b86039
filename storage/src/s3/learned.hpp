#pragma once

/// What a store turns out to be like: found out by its answers, remembered, and counted.

#include "failure.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/time.hpp>
#include <infra/storage/s3.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage::s3 {

// --- Pure -------------------------------------------------------------------------------------------------------

/// What a failure teaches, after which the same may be asked once more in another way.
enum class lesson {
    none,
    region,  ///< the bucket is in another
    clock,   ///< ours is wrong
    keys,    ///< they have expired
    sums,    ///< checksum headers are refused
    list,    ///< version 2 of lists is refused
    removes, ///< DeleteObjects is refused
};

/// How a request was made.
struct manner {
    std::string region{};
    wall_time at{};                     ///< as it was signed
    std::chrono::nanoseconds offset{0}; ///< of that to our clock
    bool tells_sums = false;
    bool conditional = false;
    bool lists = false;
    bool removes_many = false;
};

lesson lesson_of(const answer& a, const complaint& c, const manner& how);

/// How much later the store's clock is; empty where it does not say, or by less than five minutes.
std::optional<std::chrono::nanoseconds> offset_in(const answer& a, const complaint& c, wall_time at);

/// Whether the store gives back the checksums that it is told.
enum class sums { unknown, kept, not_kept };

/// How the integrity of a put is told.
struct sum_plan {
    bool header = false;
    bool metadata = false;
    bool md5 = false;

    friend bool operator==(const sum_plan&, const sum_plan&) = default;
};
sum_plan plan_of(checksums wanted, sums known) noexcept;

/// What a store does with a condition of a write: of copies R2, say, takes other header fields than of puts.
enum class conditions { unknown, honoured, ignored };
enum class write { put, copy };

// --- Remembered -------------------------------------------------------------------------------------------------

/// Threads: any member from any.
class learned {
public:
    explicit learned(const s3_options& o);

    std::string region() const;
    std::chrono::nanoseconds offset() const;

    /// Takes the lesson; false where there is nothing new in it.
    bool take(lesson what, const answer& a, const complaint& c, const manner& how);

    void saw_sum(bool kept); ///< in the answer to a put that told one
    void saw_condition(write of, conditions what);
    void saw_whole_sums() noexcept { whole_sums_ = true; } ///< an upload by parts takes a checksum of the whole

    void saw_algorithm() noexcept {
        names_algorithms_ = true;
    } ///< an upload by parts that begins says which checksum it will keep

    void saw_v1() { fall_back(lists_v1_, "list_v2"); } ///< in an answer to a list of version 2

    sums known_sums() const noexcept { return sums_; }
    conditions known_conditions(write of) const noexcept { return of == write::put ? puts_ : copies_; }
    bool names_algorithms() const noexcept { return names_algorithms_; }
    bool whole_sums() const noexcept { return whole_sums_; }
    bool lists_v1() const noexcept { return lists_v1_; }
    bool removes_singly() const noexcept { return removes_singly_; }

    /// What it is found to be without, for people.
    std::vector<std::string> quirks() const;

private:
    bool take_region(const std::string& told);
    bool take_offset(std::chrono::nanoseconds told);
    bool fall_back(std::atomic<bool>& flag, std::string_view what);

    mutable std::mutex mutex_;
    std::string region_;                 // guarded by mutex_
    std::chrono::nanoseconds offset_{0}; // likewise
    std::atomic<sums> sums_{sums::unknown};
    std::atomic<conditions> puts_{conditions::unknown};
    std::atomic<conditions> copies_{conditions::unknown};
    std::atomic<bool> whole_sums_{false};
    std::atomic<bool> names_algorithms_{false};
    std::atomic<bool> lists_v1_{false};
    std::atomic<bool> removes_singly_{false};
};

} // namespace infra::storage::s3
