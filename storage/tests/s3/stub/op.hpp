#pragma once

/// Which of S3's operations a request is.

#include "message.hpp"

#include <string_view>

namespace infra::storage::stub {

/// Of a message with its bucket, key, query and headers.
inline std::string_view op_of(const message& m) {
    const bool object = !m.key.empty(), upload = m.asks("uploadId"), copies = m.header("x-amz-copy-source").has_value();
    if (m.method == "PUT" && object)
        return upload ? (copies ? "copy_part" : "part") : copies ? "copy" : "put";
    if (m.method == "GET")
        return object               ? (upload ? "list_parts" : "get")
               : m.asks("uploads")  ? "list_uploads"
               : m.asks("location") ? "location"
                                    : "list";
    if (m.method == "HEAD")
        return object ? "head" : "head_bucket";
    if (m.method == "DELETE" && object)
        return upload ? "abort" : "remove";
    if (m.method == "POST")
        return object             ? (m.asks("uploads") ? "begin"
                                     : upload          ? "complete"
                                                       : "")
               : m.asks("delete") ? "remove_many"
                                  : "form";
    return "";
}

} // namespace infra::storage::stub
