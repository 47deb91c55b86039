#pragma once

/// Which store the stub is like.

#include <cstddef>
#include <string>

namespace infra::storage::stub {

enum class header_use { honoured, ignored, refused }; ///< refused: 501 NotImplemented

struct profile {
    std::string name = "aws";
    header_use conditions = header_use::honoured; ///< of writes
    header_use checksum_headers = header_use::honoured;
    bool whole_sums = true;      ///< of objects by parts; otherwise those of their parts alone
    bool sums_of_ranges = false; ///< a ranged GET answers the checksum of the whole too
    bool equal_parts = false;    ///< all parts but the last
    bool failed_complete_aborts = false;
    bool etags = true; ///< in answers about objects
    bool forms = true;
    bool list_v2 = true; ///< otherwise `list-type` means nothing, and the answer is the first version's
    bool remove_many = true;
    std::size_t max_remove = 1000;
};

inline profile aws() { return {}; }

/// As Cloudflare documents R2, at its strictest.
inline profile r2() {
    return {.name = "r2",
            .checksum_headers = header_use::refused,
            .sums_of_ranges = true,
            .equal_parts = true,
            .failed_complete_aborts = true,
            .forms = false,
            .max_remove = 700};
}

/// What knows checksums as they were before 2025.
inline profile composite() { return {.name = "composite", .whole_sums = false}; }

/// What knows neither conditions nor checksums, and says nothing: the first decade of S3's likenesses.
inline profile old() {
    return {
        .name = "old", .conditions = header_use::ignored, .checksum_headers = header_use::ignored, .list_v2 = false};
}

/// What says 501 to everything that can be done without.
inline profile bare() {
    return {.name = "bare",
            .conditions = header_use::refused,
            .checksum_headers = header_use::refused,
            .forms = false,
            .remove_many = false};
}

} // namespace infra::storage::stub
