#pragma once

/// What is said of an object when it is put, and what is told of it afterwards: the same, in two structs.

#include <infra/storage/object.hpp>
#include <infra/storage/options.hpp>

namespace infra::storage {

/// To be put again with what is known of it; store_headers are told by no store.
inline object_attributes attributes_of(const object_info& info) {
    return {.content_type = info.content_type,
            .cache_control = info.cache_control,
            .content_disposition = info.content_disposition,
            .content_encoding = info.content_encoding,
            .content_language = info.content_language,
            .metadata = info.metadata};
}

inline void set_attributes(object_info& info, const object_attributes& as) {
    info.content_type = as.content_type;
    info.cache_control = as.cache_control;
    info.content_disposition = as.content_disposition;
    info.content_encoding = as.content_encoding;
    info.content_language = as.content_language;
    info.metadata = as.metadata;
}

} // namespace infra::storage
