#pragma once

/// Ring files as a process leaves them.

#include "src/record.hpp"
#include "src/recovery.hpp"
#include "src/ring_file.hpp"

#include "support.hpp"

#include <infra/base/id.hpp>

#include <filesystem>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

namespace infra::logging::detail {

struct temporary_path {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("log_ring_" + uuid_v7());
    ~temporary_path() { std::filesystem::remove(path); }
};

/// A child of a fork that does nothing for as long as this lives.
class idle_child {
public:
    idle_child() {
        int ends[2];
        if (::pipe(ends) != 0)
            std::abort();
        child_ = ::fork();
        ::close(ends[child_ == 0 ? 1 : 0]);
        if (child_ == 0) {
            char byte = 0;
            ::_exit(::read(ends[0], &byte, 1) < 0);
        }
        until_closed_ = ends[1];
    }
    ~idle_child() {
        ::close(until_closed_);
        ::waitpid(child_, nullptr, 0);
    }
    idle_child(const idle_child&) = delete;
    idle_child& operator=(const idle_child&) = delete;

private:
    pid_t child_ = -1;
    int until_closed_ = -1;
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
