#pragma once

/// How objects are read: by get() into memory, by open() as they come.

#include "arrival.hpp"
#include "core.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/bucket.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace infra::storage {

/// A piece, within the time that none may take longer than. Throws infra::errc::timed_out, to be tried again.
awaitable<std::string> in_time(core_ptr core, awaitable<std::string> piece, std::string what, deadline limit);

/// All of it, at most `most` bytes.
awaitable<object> read_whole(core_ptr core, get_request what, std::size_t most, deadline limit);

/// An object that is read as it comes, over as many connections as that takes.
///
/// Threads:  one coroutine's.
/// Cancel:   terminal.
class reading {
public:
    reading(core_ptr core, get_request what, deadline limit)
        : core_(std::move(core)), key_(what.key), limit_(limit), arrival_(std::move(what)) {}

    /// Asks for it, or for what is missing of it.
    awaitable<void> ask();

    /// Empty at the end.
    awaitable<std::string> next();

    const arrival& arrived() const noexcept { return arrival_; }

private:
    awaitable<std::string> one_more();
    awaitable<void> pause_after(storage_error failure);

    const core_ptr core_;
    const std::string key_;
    const deadline limit_;
    arrival arrival_;
    byte_source pieces_{};
    int failed_ = 0; // without a byte between
};

} // namespace infra::storage
