#pragma once

/// Ring files as a process leaves them.

#include "src/record.hpp"
#include "src/recovery.hpp"
#include "src/ring_file.hpp"

#include "support.hpp"

#include <infra/base/id.hpp>

#include <filesystem>
#include <fstream>

namespace infra::logging::detail {

struct temporary_path {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("log_ring_" + uuid_v7());
    ~temporary_path() { std::filesystem::remove(path); }
};

struct left {
    std::uint64_t number = 0;
    std::uint64_t time = 0;
    const logger_core* logger = nullptr;
    std::vector<line_field> fields{};
    std::source_location where{};
};

/// Commits a durable record.
inline void put(ring& to, std::string_view message, const left& with = {}) {
    const record_parts parts{.severity = level::info,
                             .time = with.time,
                             .logger = with.logger,
                             .message = message,
                             .where = with.where,
                             .durable = true};
    const std::span<const line_field> fields(with.fields);
    const auto size = record_size(parts, fields);
    char* const at = to.reserve(size);
    ASSERT_TRUE(at);
    write_record(at, size, parts, fields);
    set_number(at, with.number);
    to.commit();
}

template <class T>
void overwrite(const std::filesystem::path& path, std::size_t at, T value) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(reinterpret_cast<const char*>(&value), sizeof value);
}

} // namespace infra::logging::detail
