#pragma once

/// What can be said with each call, all of it optional.
///
///     co_await storage.put("report.pdf", bytes, {.content_type = "application/pdf", .if_absent = true});

#include <infra/base/time.hpp>
#include <infra/storage/conditions.hpp>
#include <infra/storage/object.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage {

/// What a store keeps with an object and gives back in the headers of an answer: printable ASCII, but for the metadata. A name in
/// other letters goes into a disposition as filename*=UTF-8''…, percent-encoded.
struct object_attributes {
    std::string content_type{};
    std::string cache_control{};
    std::string content_disposition{};
    std::string content_encoding{};
    std::string content_language{};

    /// Names are tokens and become lower case, and none begins with `infra-`; values any UTF-8 without control characters
    /// (what is not ASCII goes percent-encoded where it must). Together at most 1950 bytes, as they are sent.
    metadata_map metadata{};

    /// Header fields of the store's own, `x-amz-…`: a storage class, encryption. Other names are refused; so are all by
    /// stores that have no such thing.
    metadata_map store_headers{};
};

/// How far something has come: from the loop that the call was awaited on, at most ten times a second, and once at the end.
struct progress {
    std::uint64_t done = 0;
    std::optional<std::uint64_t> total{}; ///< empty while it is not known
};
using progress_function = std::function<void(const progress&)>;

/// Empty means storage_options::timeout from now; for a call that moves a body, the time without any byte moved, beside
/// `limit`, which is for everything together.
using time_limit = std::optional<deadline>;

struct put_options {
    // --- As object_attributes; together attributes_of(options) ---

    std::string content_type{};  ///< empty: by the key's extension, and by the first bytes where that says nothing
    std::string cache_control{}; ///< for browsers and caches on the way
    std::string content_disposition{}; ///< whether browsers show or save it
    std::string content_encoding{};    ///< how its bytes are packed
    std::string content_language{};    ///< what its text is written in
    metadata_map metadata{};           ///< the caller's own words about it
    metadata_map store_headers{};      ///< the store's own words

    // --- As write_conditions ---

    bool if_absent = false; ///< only if there is no object under the key; otherwise errc::precondition
    std::string if_match{}; ///< only if the object there has this ETag

    // --- How ---

    /// Which checksum goes along, and is kept with the object; empty: storage_options::checksum.
    std::optional<checksum_kind> checksum{};

    /// Bytes of a part, where the object goes by parts: 5 MiB to 5 GiB, 0 for storage_options::part_size; more where the
    /// object would have more than 10 000 parts.
    std::uint64_t part_size = 0;
    std::size_t concurrency = 0; ///< parts at once; 0: storage_options::concurrency

    progress_function on_progress{}; ///< told as bytes leave
    time_limit limit{};              ///< for the whole of it
};

object_attributes attributes_of(const put_options& options);

struct get_options {
    std::optional<byte_range> range{}; ///< a part of it; not set: all
    std::string if_match{};            ///< only if it still has this ETag; otherwise errc::precondition
    std::string if_none_match{};       ///< only if it has another one by now

    /// For get(): more is errc::too_large, before anything is read. Empty: storage_options::max_object_in_memory.
    std::optional<std::size_t> max_bytes{};
    time_limit limit{}; ///< for the whole of it
};

struct download_options {
    std::string if_match{};      ///< only this version, by its ETag
    std::uint64_t part_size = 0; ///< of each ranged request: 1 MiB to 5 GiB; 0: storage_options::part_size
    std::size_t concurrency = 0; ///< requests at once; 0: storage_options::concurrency

    /// Where `<target>.part` and its list of what has arrived are left by an earlier try and are of the same object (by its ETag), go
    /// on from there; and leave them after a failure. Otherwise a failure leaves nothing.
    bool resume = false;
    progress_function on_progress{}; ///< told as bytes arrive
    time_limit limit{};              ///< for the whole of it
};

struct head_options {
    std::string if_match{};      ///< only this version, by its ETag
    std::string if_none_match{}; ///< only another version than this
    time_limit limit{};          ///< for the whole of it
};

struct remove_options {
    std::string if_match{}; ///< only if it has this ETag
    time_limit limit{};     ///< for the whole of it
};

struct copy_options {
    /// Set: these instead of the source's. Empty: as the source has them.
    std::optional<object_attributes> attributes{};
    bool if_absent = false;        ///< only if there is no object at the target
    std::string if_match{};        ///< only if the target has this ETag
    std::string source_if_match{}; ///< only if the source still has this ETag
    time_limit limit{};            ///< for the whole of it
};

struct list_options {
    std::string prefix{}; ///< what the keys begin with; empty: all

    /// Usually "/": keys that have it behind the prefix are not listed one by one; their common beginnings are in
    /// list_page::prefixes.
    std::string delimiter{};
    std::string start_after{}; ///< only keys behind this one
    std::string token{};       ///< of the page before; the rest must be as it was then
    std::size_t limit = 1000;  ///< keys and prefixes of a page, 1 to 1000
    time_limit until{};        ///< for a page
};

/// In the order of the keys' bytes, prefixes among them by theirs.
struct list_page {
    std::vector<object_info> objects{};
    std::vector<std::string> prefixes{};
    std::string token{}; ///< for the next page; empty: this was the last
};

} // namespace infra::storage
