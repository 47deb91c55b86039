#pragma once

// Who of this process waits for the end of which job. Whoever ends a job leaves here what it was then, for it may be
// forgotten at once; those who wait read it at the end of the same transaction.

#include <infra/queue/options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace infra::queue::sqlite {

/// Threads:  the writer's. A ticket may be let go of on any.
class end_watch {
public:
    /// Its holder waits, as long as it holds it.
    using ticket = std::shared_ptr<const std::int64_t>;
    ticket watch(std::int64_t seq);

    bool watches(std::int64_t seq) const noexcept {
        const auto found = watched_.find(seq);
        return found != watched_.end() && !found->second.expired();
    }

    struct end {
        std::int64_t seq = 0;
        std::optional<job_info> job{}; ///< empty: it was removed
    };
    void add(end ended) { ends_.push_back(std::move(ended)); }
    const end* find(std::int64_t seq) const noexcept;

    /// From here on undo() takes back what was added.
    void mark() noexcept { marked_ = ends_.size(); }
    void undo() { ends_.resize(marked_); }
    /// For a new transaction.
    void clear() noexcept;

private:
    void drop_expired();

    std::unordered_map<std::int64_t, std::weak_ptr<const std::int64_t>> watched_;
    std::size_t most_watched_ = 16; // then it is looked who does no longer
    std::vector<end> ends_;         // in this transaction
    std::size_t marked_ = 0;
};

} // namespace infra::queue::sqlite
