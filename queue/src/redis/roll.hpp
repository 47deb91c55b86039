#pragma once

// Which workers of this process take jobs, and what others are told of them.

#include <infra/queue/operations.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::queue::redis_backend {

struct present_worker {
    std::string name{}; ///< as people gave it, for BullMQ; may be empty
    std::vector<std::string> queues{};
    wall_time since{};
};

/// Bounded by max_workers.
class roll {
public:
    /// True if it is not known of that worker that it takes jobs of all these queues, and there is room for it.
    bool is_news(std::string_view worker, const std::vector<std::string>& queues) const;
    void enter(const std::string& worker, const std::string& name, const std::vector<std::string>& queues,
               wall_time now);
    bool leave(std::string_view worker);

    const std::map<std::string, present_worker, std::less<>>& all() const noexcept { return all_; }
    /// Each queue, with each name under which jobs of it are taken: what BullMQ shows.
    std::set<std::pair<std::string, std::string>> shown() const;

private:
    std::map<std::string, present_worker, std::less<>> all_;
};

/// As it is stored, in a field that names the process and the worker.
std::string field_of(std::string_view process, std::string_view worker);
std::string to_text(const present_worker& w);
std::optional<worker_info> read_worker(std::string_view field, std::string_view text);
std::string_view process_in(std::string_view field) noexcept;

/// Of the connection by which others see that a process lives, and which other ones are its own: those that show workers.
std::string name_of_process(std::string_view process, const std::set<std::int64_t>& shown);

/// What CLIENT LIST tells.
struct seen_connections {
    std::set<std::string, std::less<>> processes{}; ///< of ours
    std::vector<worker_info> others{}; ///< workers of other programs; who has no name is called by its address
};
seen_connections read_connections(std::string_view prefix, std::string_view client_list, wall_time now);

} // namespace infra::queue::redis_backend
