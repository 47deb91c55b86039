#pragma once

// How files of earlier versions become like those of now.

#include "database.hpp"

namespace infra::queue::sqlite {

/// Makes version `from` + 1 out of `from`, inside a transaction. 0 is a file without our tables.
void migrate(database& db, int from);

} // namespace infra::queue::sqlite
