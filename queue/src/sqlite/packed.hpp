#pragma once

// Rows of numbers as one blob: so that what changes together is written together, for the price of one row.

#include "database.hpp"

#include <bit>
#include <cstring>
#include <type_traits>
#include <vector>

namespace infra::queue::sqlite {

static_assert(std::endian::native == std::endian::little, "files hold little-endian numbers: turn them around here");

/// A struct of std::int64_t alone, or one.
template <class Row>
concept packable = std::is_trivially_copyable_v<Row> && sizeof(Row) % sizeof(std::int64_t) == 0;

template <packable Row>
blob_view packed(const std::vector<Row>& rows) {
    return {rows.data(), rows.size() * sizeof(Row)};
}

/// Throws errc::corrupt if a column holds none.
template <packable Row>
std::vector<Row> unpacked(const query& from, int column) {
    const auto bytes = from.blob(column);
    if (bytes.size % sizeof(Row) != 0)
        from.fail_corrupt();
    std::vector<Row> rows(bytes.size / sizeof(Row));
    if (!rows.empty())
        std::memcpy(rows.data(), bytes.data, bytes.size);
    return rows;
}

} // namespace infra::queue::sqlite
