#pragma once

// What jobs have in common: a name and options, stored once. A job's row names its kind by number, and the kinds that were
// met are kept in memory, so that a job costs neither the text of its options nor a look for them.

#include "database.hpp"

#include <infra/queue/options.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace infra::queue::sqlite {

struct kind {
    std::int64_t id = 0; ///< 0: not stored by itself; the job's row has the texts
    std::string name{};
    job_options options{}; ///< without priority, which is the job's own
};

/// Options as the file has them, without priority.
std::string to_text(const job_options& options);
/// Throws errc::corrupt, naming the file.
job_options read_options(std::string_view text, const database& db);

class kind_table {
public:
    /// Stores it if it is new; past `most_kinds` it gets no number, so that options made up for each job fill no memory.
    const kind& get(database& db, const std::string& name, const job_options& options);

    /// That of a job's row, in which name and options stand unless it has a number.
    const kind& read(database& db, const query& row, int number, int name, int options);

    /// After an undo: what is in memory may not be in the file.
    void forget() noexcept;

    static constexpr std::size_t most_kinds = 4096;

private:
    using shared = std::shared_ptr<const kind>;
    const kind& remember(kind made);
    const kind* find(const std::string& name, const job_options& options) const;
    const kind* find_stored(database& db, const std::string& name, const job_options& options);
    const kind& load(database& db, std::int64_t id);

    std::unordered_map<std::int64_t, shared> by_id_;
    std::unordered_multimap<std::string, shared> by_name_;
    const kind* last_ = nullptr;
    kind unstored_; // what was given out last without a number
};

} // namespace infra::queue::sqlite
