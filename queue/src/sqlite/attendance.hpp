#pragma once

// The workers of this process, each with a byte of FILE-workers of its own: it may leave while its process lives, and is gone
// with its process. What it takes jobs of stands in its row of infra_workers.

#include "presence.hpp"

#include <infra/queue/backend.hpp>

#include <map>
#include <optional>
#include <string>

namespace infra::queue::sqlite {

class store;

/// Threads: the writer's. Lifetime: its bytes are released with it.
class attendance {
public:
    explicit attendance(presence& alive) : alive_(alive) {}
    ~attendance();
    attendance(const attendance&) = delete;
    attendance& operator=(const attendance&) = delete;

    struct worker {
        std::optional<std::int64_t> number{}; ///< of its byte; none where locks cannot be had
        worker_info info{};
        bool is_written = false;
    };
    using workers = std::map<std::string, worker, std::less<>>; // by name

    /// Null beyond max_workers.
    worker* find_or_add(std::string_view name, wall_time now);
    /// Releases its byte; the number of that.
    std::optional<std::int64_t> remove(std::string_view name);

    const workers& all() const noexcept { return all_; }
    /// What was written may have been undone.
    void write_again() noexcept;

private:
    presence& alive_;
    workers all_;
};

/// Who claims is there. Costs a look into a small table unless that is news.
void attend(store& s, const claim_request& by);

} // namespace infra::queue::sqlite
