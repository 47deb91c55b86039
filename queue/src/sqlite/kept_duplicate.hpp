#pragma once

// A job that is kept to be added later, as text.

#include "database.hpp"

#include <infra/queue/backend.hpp>

#include <string>
#include <string_view>

namespace infra::queue::sqlite {

/// All of it but the queue, which the row names.
std::string to_text(const new_job& job);
/// Throws errc::corrupt, naming the file.
new_job read_duplicate(std::string_view text, const database& db);

} // namespace infra::queue::sqlite
