#include "last_look.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue::redis_backend {
namespace {

using namespace std::chrono_literals;

// So late at most is something found due while there is work, and a vanished worker's job.
constexpr auto young = 10ms;
// Leases of less have so few milliseconds left that those are worth a look.
constexpr auto long_lease = 1s;

bool is_of_one_queue(const work_request& r) {
    return r.queues.size() == 1 && std::ranges::all_of(r.ended, [&](const ended_job& each) {
               return each.end.held.job.queue == r.queues.front();
           });
}

bool some_completed(const work_request& r, const work_done& done) {
    for (std::size_t i = 0; i < r.ended.size(); ++i)
        if (r.ended[i].of.is_plain && r.ended[i].end.as == outcome::kind::completed && done.recorded.at(i))
            return true;
    return false;
}

auto minute_of(const work_request& r) { return std::chrono::floor<std::chrono::minutes>(r.now); }

} // namespace

void last_look::spare(work_request& r, bool alone, steady_time now) {
    const bool must = !r.queues.empty() && std::exchange(must_look_, false);
    if (!is_of_one_queue(r))
        return;
    r.is_counted = counted_queue_ == r.queues.front() && counted_minute_ == minute_of(r);
    r.has_looked = !must && alone && goes_on_ && queue_ == r.queues.front() && r.lease >= long_lease && now >= at_ &&
                   now - at_ < young;
}

void last_look::note(const work_request& r, work_done& done, steady_time began) {
    goes_on_ = is_of_one_queue(r) && !(done.taken.empty() && done.unread.empty());
    if (!is_of_one_queue(r))
        return;
    if (some_completed(r, done)) {
        counted_queue_ = r.queues.front();
        counted_minute_ = minute_of(r);
    }
    if (!done.has_looked) {
        done.again = again_;
        return;
    }
    queue_ = r.queues.front();
    at_ = began;
    again_ = done.again;
}

} // namespace infra::queue::redis_backend
