#pragma once

/// What is stored: an object's description, its bytes, parts of them.

#include <infra/base/awaitable.hpp>
#include <infra/base/time.hpp>
#include <infra/storage/checksum.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace infra::storage {

using metadata_map = std::map<std::string, std::string, std::less<>>;

/// What a store knows of an object beside its bytes. Lists fill only the first four.
struct object_info {
    std::string key{};
    std::uint64_t size = 0; ///< of the whole object, also where a part was asked for
    std::string etag{};     ///< another for other bytes; opaque, without the quotes around it
    wall_time modified{};   ///< to the second
    std::string content_type{};
    std::string cache_control{};
    std::string content_disposition{};
    std::string content_encoding{};
    std::string content_language{};
    metadata_map metadata{};                            ///< names in lower case
    std::optional<infra::storage::checksum> checksum{}; ///< of the whole; empty where the store keeps none

    /// Instead, of an object that came by parts to a remote store with SHA-256, or to one that keeps no other; and how long its
    /// parts are but for the last, 0 where nobody tells. With both, what is read as a whole is compared part by part.
    std::optional<composite_checksum> composite{};
    std::uint64_t part_size = 0;
};

/// An object in memory.
struct object {
    object_info info{};
    std::string bytes{};
};

/// Which bytes: `{.offset = 100}`, `{.offset = 0, .length = 10}`, or `{.last = 500}`, which is no more than there are.
struct byte_range {
    std::uint64_t offset = 0;
    std::optional<std::uint64_t> length{}; ///< at least 1; beyond the end means up to the end
    std::optional<std::uint64_t> last{};   ///< at least 1; not together with the other two

    friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// Where bytes come from, piece by piece: each call gives the next, an empty one is the end. The next call comes after the
/// last has returned; none comes after the end or a throw. What it throws is thrown by whoever reads.
using byte_source = std::function<awaitable<std::string>()>;

/// An object that is read as it comes.
///
///     auto reader = co_await storage.open("backup.tar");
///     for (auto piece = co_await reader.read(); !piece.empty(); piece = co_await reader.read())
///         use(piece);
///
/// Threads:  one coroutine at a time.
/// Errors:   read() throws storage_error. A whole object is checked against its checksum before the last piece is given: what was
///           changed on the way ends with errc::integrity instead of an end. Where the connection is lost, it goes on on another,
///           from the byte where it stopped, as long as the object is the same (by its ETag).
/// Lifetime: keeps what it needs of the storage. Destruction lets go of the connection.
class object_reader {
public:
    object_reader(object_info info, std::uint64_t offset, std::uint64_t length, byte_source pieces)
        : info_(std::move(info)), offset_(offset), length_(length), pieces_(std::move(pieces)) {}

    const object_info& info() const noexcept { return info_; }

    std::uint64_t offset() const noexcept { return offset_; } ///< of the first byte that is read
    std::uint64_t length() const noexcept { return length_; } ///< how many bytes will be read in all

    /// The next piece, of at most 1 MiB; empty at the end, and from then on.
    awaitable<std::string> read();

private:
    object_info info_;
    std::uint64_t offset_;
    std::uint64_t length_;
    byte_source pieces_; // empty once it has ended
};

} // namespace infra::storage
