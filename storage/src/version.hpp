#pragma once

/// Which version of an object something is of: by its ETag; where a store gives none, by when it was changed, to the second, and by
/// its length. Pure.

#include <infra/storage/conditions.hpp>
#include <infra/storage/object.hpp>

namespace infra::storage {

inline bool is_same_version(const object_info& a, const object_info& b) noexcept {
    return a.etag == b.etag && (!a.etag.empty() || (a.modified == b.modified && a.size == b.size));
}

inline read_conditions only_that_version(const object_info& of) {
    if (of.etag.empty())
        return {.if_unmodified_since = of.modified};
    return {.if_match = of.etag};
}

} // namespace infra::storage
