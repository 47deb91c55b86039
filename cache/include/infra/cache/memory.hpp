#pragma once

/// The store in this process: no server, gone with the process.

#include <infra/base/clock.hpp>
#include <infra/cache/store.hpp>

#include <cstddef>
#include <memory>

namespace infra::cache {

struct memory_options {
    /// Of keys, values and everything kept about them. At least 64 KiB. Tags that were made void take up to an eighth of it
    /// on top, locks that are held a sixteenth, 16 KiB at least: they are not evicted.
    std::size_t max_bytes = std::size_t{64} << 20;

    /// Parts with a lock of their own; a power of two. More: threads meet less often, but each part has only its share of
    /// max_bytes, and no value may be larger than half of that. 0: one for each 4 MiB, at most 64.
    std::size_t shards = 0;
};

/// What was asked for least is evicted first, by S3-FIFO: a value is kept once it has been asked for again, so that a scan
/// through many does not drive out what is in use. Values whose time is over go when somebody looks for them, some with
/// each write, and the rest by sweep().
///
/// No verb suspends. `time` must outlive the store.
std::shared_ptr<store> make_memory_store(memory_options options = {}, clock& time = real_clock());

} // namespace infra::cache
