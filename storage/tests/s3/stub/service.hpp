#pragma once

/// What S3 does with a request, without the wire.

#include "faults.hpp"
#include "message.hpp"
#include "profile.hpp"
#include "store.hpp"

#include <infra/base/clock.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace infra::storage::stub {

struct options {
    stub::profile profile{};
    std::string bucket = "photos";
    std::string region = "us-east-1";
    credentials keys{.access_key_id = "AKIDSTUB", .secret_access_key = "stub-secret"};
    bool check_signatures = true;
    bool anonymous_reads = false; ///< GET, HEAD and lists without a signature

    bool keep_bodies = true;  ///< otherwise every object is the pattern, of the length that was put
    bool check_hashes = true; ///< of bodies that are kept: SHA-256, MD5, checksums
    std::uint64_t min_part = 5u << 20;
    std::filesystem::path directory{}; ///< where it is kept; empty: in memory alone

    clock* time = &real_clock(); ///< outlives it

    // --- Of the server ---
    std::uint16_t port = 0;
    std::size_t threads = 1;
    std::chrono::milliseconds idle = std::chrono::seconds(5); ///< as S3 closes connections
    bool remember = true;                                     ///< requests()
    std::size_t most_at_once = 0; ///< more requests than so many at once are answered SlowDown; 0: any number
};

/// Threads: any member from any thread, by a lock.
class service {
public:
    explicit service(stub::options o);

    /// Never throws.
    answer handle(message m);

    /// The same clock, so many seconds beside the truth.
    void skew(std::chrono::seconds by) { skew_ = by.count(); }
    wall_time now() const { return options_.time->wall() + std::chrono::seconds(skew_.load()); }

    const stub::options& options() const noexcept { return options_; }
    script& faults() noexcept { return faults_; }

    // --- For tests ---
    void forget(const std::string& key); ///< an object
    std::map<std::string, stored> objects() const;
    std::map<std::string, open_upload> uploads() const;
    /// `with_md5`: also in the metadata, where rclone keeps that of what it uploads by parts.
    void put_pattern(const std::string& key, std::uint64_t size, bool with_md5 = false);

private:
    answer act(const message& m);

    answer put(const message& m);
    answer get(const message& m);
    answer remove(const message& m);
    answer remove_many(const message& m);
    answer copy(const message& m);
    answer list(const message& m);

    answer begin(const message& m);
    answer part(const message& m);
    answer copy_part(const message& m);
    answer complete(const message& m);
    answer abort(const message& m);
    answer list_parts(const message& m);
    answer list_uploads(const message& m);
    answer form(const message& m);

    void check_write_conditions(const message& m, const std::string& key) const;
    void check_checksums(const message& m) const;
    sums sums_of(const message& m) const;
    std::string etag_of(const content& bytes);
    std::string next_id();

    const stored& existing(const std::string& key) const;
    open_upload& upload_of(const message& m);
    const stored& source_of(const message& m) const;
    void keep(const std::string& key, stored object);
    stored assembled(const message& m, const open_upload& upload) const;
    void forget_upload(const std::string& id);

    stub::options options_;
    script faults_;
    std::atomic<std::int64_t> skew_{0};

    mutable std::mutex mutex_;
    std::optional<journal> journal_;
    std::map<std::string, stored> objects_;
    std::map<std::string, open_upload> uploads_;
    std::uint64_t ids_ = 0;
};

} // namespace infra::storage::stub
