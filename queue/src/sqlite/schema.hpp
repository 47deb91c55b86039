#pragma once

// The tables, drawn in queue/README.md ("Stored layout"), and how files of earlier versions become like them.

#include "database.hpp"

namespace infra::queue::sqlite {

inline constexpr int schema_version = 8;

/// Makes or migrates the tables, in one transaction. Throws errc::incompatible for a file of a newer version, which it
/// leaves as it is. The version stands in a table of ours, not in PRAGMA user_version: the file may be shared with the
/// program's own tables, whose migrations use that.
void prepare_schema(database& db);
/// The same in a transaction that is open already.
void prepare_schema_inside(database& db);

/// Throws errc::incompatible: another process may migrate a file that is open here.
void refuse_newer_schema(database& db);

} // namespace infra::queue::sqlite
