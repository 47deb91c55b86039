#pragma once

/// Bytes in runs, each of which counts for as long as anybody holds it.

#include <infra/base/shared_bytes.hpp>
#include <infra/storage/checksum.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace infra::storage::memory {

/// How many bytes may still be kept.
///
/// Threads: any member from any thread.
class room {
public:
    explicit room(std::size_t bytes) noexcept : left_(bytes) {}

    void take(std::size_t bytes); ///< throws errc::full
    void give_back(std::size_t bytes) noexcept { left_ += bytes; }
    std::size_t left() const noexcept { return left_; }

private:
    std::atomic<std::size_t> left_;
};

struct rope {
    std::vector<shared_bytes> runs{};
    std::uint64_t size = 0;

    void append(const rope& behind);
    rope part(std::uint64_t offset, std::uint64_t length) const; ///< within size; shares the runs
    checksum sum(checksum_kind kind) const;
};

/// Makes a rope of pieces of any size: small ones become one run.
class rope_writer {
public:
    explicit rope_writer(std::shared_ptr<room> from) : room_(std::move(from)) {}

    void add(shared_bytes piece); ///< throws errc::full
    rope finish();

private:
    void keep(shared_bytes run);
    void keep_pending();

    std::shared_ptr<room> room_;
    std::string pending_; // less than a run
    rope made_;
};

} // namespace infra::storage::memory
