#pragma once

/// Objects under keys, over a bucket.
///
///     storage::storage files({.url = "file:var/storage"});
///     auto info = co_await files.put("avatars/user-123.jpg", bytes);
///     auto face = co_await files.get("avatars/user-123.jpg");               // face.bytes, face.info.content_type
///     co_await files.download("backups/today.tar", "/tmp/today.tar");       // in parallel, checked
///     auto url  = co_await files.signed_url("avatars/user-123.jpg", 1h);

#include <infra/base/awaitable.hpp>
#include <infra/base/backoff.hpp>
#include <infra/base/clock.hpp>
#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/environment.hpp>
#include <infra/storage/bucket.hpp>
#include <infra/storage/content.hpp>
#include <infra/storage/lister.hpp>
#include <infra/storage/options.hpp>
#include <infra/storage/signing.hpp>
#include <infra/storage/upload.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage {

class core; // what copies of a storage share

struct storage_options {
    // --- Behaviour ---

    /// Where objects are: a bucket, or the URL to make one of. Set at most one; neither means `file:var/storage`.
    std::shared_ptr<infra::storage::bucket> bucket{};
    std::string url{};

    /// Stands before every key, and is not seen in what comes back: "tenants/7/". Empty, or a key and a '/'.
    std::string prefix{};

    /// For one call without a body, all attempts together; for one that moves a body, the time without a byte moved. Greater than
    /// zero.
    std::chrono::milliseconds timeout = std::chrono::seconds(60);

    /// For one attempt; one that moves a body has a second more for each 64 KiB. Greater than zero.
    std::chrono::milliseconds attempt_timeout = std::chrono::seconds(15);

    /// How often a request is tried, 1 to 100. Only what may pass is tried again.
    int attempts = 5;

    /// Between attempts, drawn by lot from nothing to the whole; at least what the store asks for.
    backoff pause = {.type = backoff::kind::exponential,
                     .delay = std::chrono::milliseconds(100),
                     .max = std::chrono::seconds(20),
                     .jitter = 1};

    /// Attempts beyond the first that may be made in a row over all calls: each takes one from this budget, each success gives a
    /// tenth back. When it is used up, calls fail after their first attempt instead of adding to the load. At least 1.
    double retry_budget = 100;

    /// When a get() of at most 512 KiB, or of a whole object, has no answer for so long, a remote store is asked once more, and the
    /// first answer counts; each time takes one from the budget. What all but the slowest twentieth of answers keep to is a good
    /// value. 0: never.
    std::chrono::milliseconds hedge_after{};

    /// Which checksum goes along with what is put, where the call does not say; empty: a CRC, as the store has it. SHA-256 takes ten
    /// times the CPU, and of an object by parts in S3 there is then none of the whole (large.md).
    std::optional<checksum_kind> checksum{};

    /// A get() of more is errc::too_large.
    std::size_t max_object_in_memory = 64u << 20;

    // --- Tuning ---

    std::uint64_t part_size = 8u << 20; ///< 5 MiB to 5 GiB; objects longer than two parts go by parts
    std::size_t concurrency = 8;        ///< parts of one object at once, 1 to 1 000
    std::size_t max_requests =
        64; ///< requests at once over all calls, 1 to 10 000; fewer while the store says SlowDown
    std::size_t max_buffered = 128u << 20; ///< bytes of parts in memory over all calls; at least one part
    blocking_pool* pool = nullptr; ///< where files are read and written; null: default_blocking_pool(). Outlives it
    clock* time = &real_clock();   ///< outlives the storage
    const infra::environment* environment = nullptr; ///< for the URL's credentials; null: the process's
};

/// Keeps objects, in a directory or in any S3.
///
/// Each call is a span, `storage put`, and counts in storage_requests_total{op,status}, storage_request_duration_seconds{op} and
/// storage_bytes_total{direction}; beside them storage_retries_total{reason}, storage_hedged_total{won}, storage_throttled_total,
/// storage_checksum_failures_total, storage_requests_in_flight and storage_buffered_bytes. Keys are in spans, not in metrics.
///
/// Threads:  a handle; copies share everything, and members may be called from any thread and awaited on any loop.
/// Errors:   storage_error (error.hpp); std::invalid_argument for a bad option.
/// Cancel:   terminal. What was being put is there wholly or not at all; an upload by parts is aborted behind the caller's back (and
///           if even that fails, by sweep()).
/// Lifetime: none to mind; calls in flight keep what they need.
class storage {
public:
    explicit storage(storage_options options = {});

    // --- One object ---

    /// Replaces what is under the key, wholly or not at all. Returns once the store has it for good.
    awaitable<object_info> put(std::string key, content what, put_options options = {}) const;

    /// The whole object, or a range of it, in memory. errc::not_found where there is none.
    [[nodiscard]] awaitable<object> get(std::string key, get_options options = {}) const;

    /// The same as it comes.
    [[nodiscard]] awaitable<object_reader> open(std::string key, get_options options = {}) const;

    /// Into a file, by parallel requests for parts pinned to one version, checked as a whole, and only then under its name.
    awaitable<object_info> download(std::string key, std::filesystem::path to, download_options options = {}) const;

    /// Empty where there is none.
    [[nodiscard]] awaitable<std::optional<object_info>> head(std::string key, head_options options = {}) const;
    [[nodiscard]] awaitable<bool> exists(std::string key) const;

    /// What is not there is removed already.
    awaitable<void> remove(std::string key, remove_options options = {}) const;

    /// In the store, without its bytes coming here.
    awaitable<object_info> copy(std::string from, std::string to, copy_options options = {}) const;

    /// A copy, and a remove of what was copied once that is there. A crash between the two leaves both.
    awaitable<object_info> move(std::string from, std::string to, copy_options options = {}) const;

    // --- Many ---

    /// What became of each, in order; one that failed stops none of the others.
    awaitable<std::vector<remove_outcome>> remove_many(std::vector<std::string> keys) const;

    [[nodiscard]] awaitable<list_page> list(list_options options = {}) const;

    /// All pages. More than `limit` keys are errc::too_large, since a bucket may hold billions.
    [[nodiscard]] awaitable<std::vector<object_info>> list_all(std::string prefix, std::size_t limit = 100'000) const;

    /// One by one, however many there are; asks nobody yet.
    [[nodiscard]] object_lister each(list_options options = {}) const;

    // --- For others ---

    /// For one second to seven days. With temporary credentials it ends with them.
    [[nodiscard]] awaitable<std::string> signed_url(std::string key,
                                                    std::chrono::seconds expires = std::chrono::hours(1),
                                                    signed_url_options options = {}) const;
    /// With the headers that must be sent along.
    [[nodiscard]] awaitable<signed_request> sign(std::string key, std::chrono::seconds expires,
                                                 signed_url_options options = {}) const;
    [[nodiscard]] awaitable<signed_form> signed_form_for(post_policy policy, std::chrono::seconds expires) const;

    // --- By parts, over time and by others (upload.hpp) ---

    /// Begins an upload whose parts may come in any order, from anywhere, over days; its token can be stored.
    [[nodiscard]] awaitable<upload> begin_upload(std::string key, put_options options = {}) const;

    /// Goes on with one, in this process or another. errc::no_upload when it is over.
    [[nodiscard]] awaitable<upload> resume_upload(std::string token) const;

    /// URLs for a browser to PUT the parts to; then complete() of the upload that its token resumes.
    [[nodiscard]] awaitable<signed_upload> signed_upload_for(std::string key, std::chrono::seconds expires,
                                                             signed_upload_options how, put_options options = {}) const;

    // --- Care ---

    /// Aborts uploads under `prefix` that were begun longer ago than `age`, and removes what crashes left.
    awaitable<sweep_result> sweep(std::chrono::milliseconds age = std::chrono::hours(24),
                                  std::string prefix = {}) const;

    /// Removes the objects below `prefix`, which is not empty, that were put longer ago than `age`; how many there were. For what
    /// others put below a prefix of its own, and nobody then moved to its place: move() is how it is taken over.
    awaitable<std::size_t> remove_older(std::string prefix, std::chrono::milliseconds age) const;

    /// Whether it can be reached; for health checks. Throws.
    awaitable<void> ping() const;

    const std::shared_ptr<infra::storage::bucket>& bucket() const noexcept;
    bucket_traits traits() const noexcept;
    std::string description() const; ///< without secrets

private:
    std::shared_ptr<const core> core_;
};

} // namespace infra::storage
