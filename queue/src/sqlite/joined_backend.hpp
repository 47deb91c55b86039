#pragma once

// The verbs inside somebody else's transaction, on their connection and their thread. None waits or suspends.

#include <infra/queue/backend.hpp>

#include <memory>

struct sqlite3;

namespace infra::queue::sqlite {

/// `theirs` must outlive it.
std::shared_ptr<backend> make_joined_backend(sqlite3* theirs);

} // namespace infra::queue::sqlite
