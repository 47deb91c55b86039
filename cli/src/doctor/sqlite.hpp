#pragma once

/// The queue's file: can SQLite read it, is it whole, and does it lie where a write-ahead log can.

#include "check.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace infra::cli::doctor {

struct sqlite_facts {
    std::filesystem::path file{};
    bool exists = false;
    std::string file_system{}; ///< of those that share no memory between machines: "NFS"; empty: another one
    std::string problem{};     ///< why it cannot be opened or read
    std::string damage{};      ///< the first that PRAGMA quick_check tells; empty: none
    bool looked_at_all = true; ///< false: time was up
    std::string journal{};     ///< "wal"
};

findings judge_sqlite(const sqlite_facts& facts);

/// Reads alone, and for so long. Makes nothing.
sqlite_facts read_sqlite(const std::filesystem::path& file, std::chrono::milliseconds patience);

std::string no_sqlite(const situation& at);
findings look_at_sqlite(const situation& at);

} // namespace infra::cli::doctor
