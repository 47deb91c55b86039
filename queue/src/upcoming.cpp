#include <infra/queue/upcoming.hpp>

#include <stdexcept>

namespace infra::queue {

std::vector<wall_time> upcoming_runs(const schedule& when, std::optional<wall_time> next, std::size_t runs,
                                     std::size_t most) {
    std::vector<wall_time> all;
    try {
        while (next && all.size() < most) {
            all.push_back(*next);
            next = follow(when, *next, runs++, *next).next;
        }
    } catch (const std::invalid_argument&) { // another program's, that only it can read
    }
    return all;
}

} // namespace infra::queue
