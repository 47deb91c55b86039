#pragma once

/// Directories served as they are.
///
///     routes.files("/assets", {.directory = "public", .cache_control = "public, max-age=3600"});

#include <string>

namespace infra {
class blocking_pool;
}

namespace infra::http {

/// Nothing outside the directory is ever opened: `..` is refused, and a symbolic link is followed only while it stays
/// inside. Names that begin with a dot are not found, except `.well-known`. Only regular files are served.
struct static_files {
    std::string directory{};          ///< opened once, when it is mounted; it must be there
    std::string index = "index.html"; ///< what stands for a directory (asked for with a slash at the end); empty: 404
    std::string cache_control = "no-cache"; ///< "ask before you use it again": with ETags a cheap question
    blocking_pool* pool = nullptr;          ///< who reads the files; null: default_blocking_pool()
};

} // namespace infra::http
