#pragma once

/// Uploads by parts that outlive a call.
///
///     auto up = co_await storage.begin_upload("video.mp4");
///     remember(up.token());
///     co_await up.put_part(1, first_bytes);
///     …                                                         // a crash, a day
///     auto again = co_await storage.resume_upload(token);
///     for (int missing : again.missing(parts_in_all)) co_await again.put_part(missing, bytes_of(missing));
///     auto info = co_await again.complete();

#include <infra/base/awaitable.hpp>
#include <infra/base/shared_bytes.hpp>
#include <infra/storage/bucket.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace infra::storage {

struct sweep_result {
    std::size_t uploads = 0;  ///< aborted
    std::size_t leavings = 0; ///< temporary files removed
};

/// An upload that has begun and is not over. Dropping it leaves it as it is: complete or abort it, or let sweep() do so.
///
/// Threads:  a handle; parts may be put at once from any coroutine.
/// Errors:   as storage. errc::no_upload once it is over.
/// Cancel:   terminal; a part that was being put may have arrived, and can be put again.
class upload {
public:
    struct state;
    explicit upload(std::shared_ptr<state> s) : state_(std::move(s)) {}

    /// Text of one line that names the upload, its key, part size, attributes and the parts that have arrived with their checksums. It
    /// is no secret of the store's, but whoever has it and the store's keys can complete the upload.
    std::string token() const;

    const std::string& key() const noexcept;
    std::uint64_t part_size() const noexcept;

    /// Of 1 to `count`, those that have not arrived.
    std::vector<int> missing(int count) const;

    /// Part `number`, 1 to 10 000. Again: replaces it. All but the last must be of part_size().
    awaitable<part> put_part(int number, shared_bytes bytes) const;

    /// What is missing of the file, cut into parts, several at once.
    awaitable<void> put_file(std::filesystem::path from, progress_function on_progress = {}) const;

    /// Makes the object of the parts that have arrived, in order. An answer that is lost is settled by asking what is there.
    awaitable<object_info> complete() const;

    awaitable<void> abort() const;

private:
    std::shared_ptr<state> state_;
};

} // namespace infra::storage
