#pragma once

/// Lists without an end in sight, an object at a time.
///
///     auto photos = files.each({.prefix = "photos/"});
///     while (auto one = co_await photos.next()) use(one->key, one->size);

#include <infra/base/awaitable.hpp>
#include <infra/storage/options.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace infra::storage {

class core;

/// What storage::each() gives. It holds one page at a time and asks for the next when that has been given.
///
/// Threads:  one coroutine at a time.
/// Errors:   next() throws as list(); it may be called again after what may pass. infra::errc::unavailable where the store leads back
///           to the page that it has just given.
/// Cancel:   as list(); what has not been given comes next.
/// Lifetime: outlives what it was asked for; keeps what it needs of the storage.
class object_lister {
public:
    /// list_options::token begins where another list ended; its limit is that of a page.
    object_lister(std::shared_ptr<const core> of, list_options from);

    /// The next object, in the order of the keys; empty at the end, and from then on. With a delimiter, what lies behind one is passed over.
    awaitable<std::optional<object_info>> next();

private:
    awaitable<void> turn();

    std::shared_ptr<const core> core_;
    list_options from_;
    list_page page_{};
    std::size_t given_ = 0;
    bool last_ = false; // page_ is the last one
};

} // namespace infra::storage
