#pragma once

// Who holds which job until when: all of it in memory, for those are few however many wait, and in the file in blocks. Many
// jobs of a worker begin and end together; a block is written once for each transaction, whatever happened to its jobs.

#include "packed.hpp"

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::queue::sqlite {

/// A job that is active. Stands in the file as it is here.
struct lease_row {
    std::int64_t seq = 0;
    std::int64_t queue = 0;
    std::int64_t fence = 0;
    std::int64_t until = 0;
    std::int64_t started_at = 0;
    std::int64_t marks = 0;

    static constexpr std::int64_t cancelled = 1; ///< somebody wants it to end
    static constexpr std::int64_t deduplicated =
        2; ///< was added with a deduplication, so that who ends others need not look
    static constexpr std::int64_t family_changed = 4; ///< a child of it came, ended or went
    bool has(std::int64_t mark) const noexcept { return (marks & mark) != 0; }
};

class lease_book {
public:
    void load(database& db);
    void save(database& db);

    /// Null if nobody holds it. Until the next change.
    const lease_row* find(std::int64_t seq) const noexcept;
    /// Under this fence.
    const lease_row* find(std::int64_t seq, std::int64_t fence) const noexcept;
    std::size_t size() const noexcept { return block_of_.size(); }

    /// One that nobody holds.
    void add(const lease_row& held, std::string_view lessee);
    /// One that is held.
    void remove(std::int64_t seq);
    void extend(std::int64_t seq, std::int64_t until);
    void mark(std::int64_t seq, std::int64_t mark);

    /// No lease ends before the first or after the last; in Unix milliseconds. Bounds, which may be too wide.
    struct ends {
        std::int64_t first = std::numeric_limits<std::int64_t>::max();
        std::int64_t last = std::numeric_limits<std::int64_t>::min();
    };
    const ends& bounds() const noexcept { return bounds_; }
    void find_bounds() noexcept;

    /// Of all for which `is_wanted` holds.
    template <class Wanted>
    std::vector<lease_row> those(Wanted is_wanted) const {
        std::vector<lease_row> found;
        for (const auto& [number, each] : blocks_)
            for (const auto& held : each.jobs)
                if (is_wanted(held))
                    found.push_back(held);
        return found;
    }
    /// What all workers of a process hold.
    std::vector<lease_row> of_process(std::string_view process) const;

    /// How a block names who holds it: the process, which has no space in it, and after that the worker.
    static std::string lessee(std::string_view process, std::string_view worker);
    /// Who holds one that is held, as its claim said.
    std::string worker_of(std::int64_t seq) const;

private:
    struct block {
        std::int64_t number = 0;
        std::string lessee{};
        std::vector<lease_row> jobs{};
        bool is_changed = false;
    };

    block& with_room(std::string_view lessee);
    block& add_block(std::int64_t number, std::string lessee);
    lease_row* place_of(std::int64_t seq) noexcept;
    void include(std::int64_t until) noexcept;
    void changed(block& b);

    std::map<std::int64_t, block> blocks_;
    std::unordered_map<std::int64_t, block*> block_of_; // by seq
    block* filling_ = nullptr;                          // the last that was added to
    std::vector<block*> changed_;                       // since save()
    ends bounds_;
};

} // namespace infra::queue::sqlite
