#pragma once

/// What the copies of a storage share.

#include "instruments.hpp"
#include "parts/budget.hpp"
#include "requests.hpp"

#include <infra/storage/storage.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace infra::storage {

/// Threads:  any.
/// Lifetime: held by what is under way.
class core {
public:
    /// Throws std::invalid_argument for a bad option, naming it, and what make_bucket() throws.
    explicit core(storage_options o);

    const storage_options options; ///< checked, and with a bucket
    const instruments metrics;
    const requests calls;
    const part_memory memory;

    bucket& to() const noexcept { return *options.bucket; }
    clock& time() const noexcept { return *options.time; }
    blocking_pool& pool() const;

    /// The key as the bucket knows it, checked. The sentence of what is thrown begins with `op`.
    std::string full(std::string_view key) const;
    std::string full_prefix(std::string_view prefix) const;

    /// Without the prefix, as the caller knows it.
    object_info shown(object_info from_bucket) const;
    std::string shown(std::string key_from_bucket) const;

    /// Of the checksum of what is put so.
    checksum_kind kind_of(const put_options& how) const;

    /// Of a call without a body.
    deadline limit_of(const time_limit& given) const;
};

using core_ptr = std::shared_ptr<const core>;

} // namespace infra::storage
