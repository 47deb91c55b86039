#pragma once

// The verbs inside somebody else's transaction, on their connection and their thread. None waits or suspends.

#include <infra/queue/backend.hpp>

#include <memory>

struct sqlite3;

namespace infra::queue::sqlite {

class joined_backend : public backend {
public:
    /// What the run of a job comes to in view of its children.
    virtual children_at_end at_end(const job_key& job) = 0;
};

/// `theirs` must outlive it.
std::shared_ptr<joined_backend> make_joined_backend(sqlite3* theirs);

} // namespace infra::queue::sqlite
