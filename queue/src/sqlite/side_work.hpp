#pragma once

// What a transaction may do beside what it was asked for; the rest is left to later ones.

#include <infra/queue/sqlite.hpp>

#include <cstdint>

namespace infra::queue {
namespace sqlite {

struct side_work_limits {
    std::int64_t units = 10'000;            ///< at least 1; a row that is forgotten is one
    std::int64_t units_of_a_parent = 10;    ///< that fails
    std::int64_t parents_of_a_chain = 16;   ///< fail in any case, as whoever added them did as much
    std::int64_t children_of_a_family = 16; ///< are forgotten in any case, likewise; at least 1
};

} // namespace sqlite

/// With other limits than those: few jobs show then what otherwise takes thousands.
std::shared_ptr<backend> make_sqlite_backend(sqlite_options options, sqlite::side_work_limits side_work);

} // namespace infra::queue
