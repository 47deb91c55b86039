#include "queue_judgement.hpp"

#include <algorithm>

namespace infra::app {
namespace {

using health::health_status;
using std::chrono::milliseconds;

constexpr std::size_t most_named = 3;    // in the message
constexpr std::size_t most_listed = 100; // in the details

template <class T>
health_status status_of(const T& is, const T& degraded, const std::optional<T>& unhealthy) {
    if (unhealthy && is > *unhealthy)
        return health_status::unhealthy;
    return is > degraded ? health_status::degraded : health_status::healthy;
}

health_status worse(health_status a, health_status b) {
    const auto rank = [](health_status s) {
        return s == health_status::healthy ? 0 : s == health_status::degraded ? 1 : 2;
    };
    return rank(a) < rank(b) ? b : a;
}

std::string shown_duration(milliseconds d) {
    using namespace std::chrono;
    if (d < 2min)
        return std::to_string(duration_cast<seconds>(d).count()) + " s";
    if (d < 2h)
        return std::to_string(duration_cast<minutes>(d).count()) + " min";
    return std::to_string(duration_cast<hours>(d).count()) + " h";
}

/// Sentences about queues: of those of a kind the first few.
class findings {
public:
    void add(health_status found, std::string sentence) {
        if (found == health_status::healthy)
            return;
        out_.status = worse(out_.status, found);
        if (++found_ <= most_named)
            append(std::move(sentence));
    }
    health::check_result result() && {
        if (found_ > most_named)
            append("and " + std::to_string(found_ - most_named) + " more");
        return std::move(out_);
    }

private:
    void append(std::string sentence) { out_.message += (out_.message.empty() ? "" : "; ") + std::move(sentence); }

    health::check_result out_;
    std::size_t found_ = 0;
};

std::string in_queue(const queue_seen& q) { return "the queue " + q.counts.queue; }

void judge_depth(const std::vector<queue_seen>& all, const queue_check_options& options, findings& found) {
    std::size_t waiting = 0;
    const queue_seen* fullest = nullptr;
    for (const auto& q : all) {
        if (q.counts.paused)
            continue;
        waiting += q.counts.waiting;
        if (!fullest || q.counts.waiting > fullest->counts.waiting)
            fullest = &q;
    }
    if (fullest)
        found.add(status_of(waiting, options.degraded_above, options.unhealthy_above),
                  std::to_string(waiting) + " jobs wait, " + std::to_string(fullest->counts.waiting) + " of them in " +
                      in_queue(*fullest) + ": add workers, or see what they do");
}

// Of two reasons for the same thing, the cause.
void judge_waits(const queue_seen& q, const queue_check_options& options, findings& found) {
    if (q.counts.paused)
        return;
    const auto by_time = status_of(q.waited, options.degraded_after, options.unhealthy_after);
    const auto by_absence = status_of(q.unattended, options.degraded_without_worker, options.unhealthy_without_worker);
    if (by_absence != health_status::healthy)
        found.add(worse(by_absence, by_time), "no worker of " + in_queue(q) + " is there, and a job has waited for " +
                                                  shown_duration(q.waited) + ": start one, or pause the queue");
    else
        found.add(by_time, "a job of " + in_queue(q) + " has waited for " + shown_duration(q.waited) +
                               ": add workers, or see what they do");
}

json::object details_of(const std::vector<queue_seen>& all) {
    queue::queue_counts sum;
    milliseconds waited{};
    json::array paused, unattended;
    const auto list = [](json::array& in, const queue_seen& q) {
        if (in.size() < most_listed)
            in.emplace_back(q.counts.queue);
    };
    for (const auto& q : all) {
        sum.waiting += q.counts.waiting;
        sum.delayed += q.counts.delayed;
        sum.active += q.counts.active;
        sum.failed += q.counts.failed;
        sum.waiting_children += q.counts.waiting_children;
        if (q.counts.paused)
            list(paused, q);
        else
            waited = std::max(waited, q.waited);
        if (q.unattended > milliseconds::zero())
            list(unattended, q);
    }
    return {{"waiting", sum.waiting},
            {"delayed", sum.delayed},
            {"active", sum.active},
            {"failed", sum.failed},
            {"waiting_children", sum.waiting_children},
            {"oldest_waiting_ms", waited.count()},
            {"paused", std::move(paused)},
            {"without_worker", std::move(unattended)}};
}

// Healthy, but worth knowing.
std::string of_paused(const std::vector<queue_seen>& all) {
    const auto n = std::ranges::count_if(all, [](const auto& q) { return q.counts.paused && q.counts.waiting > 0; });
    if (n == 0)
        return {};
    const auto first = std::ranges::find_if(all, [](const auto& q) { return q.counts.paused && q.counts.waiting > 0; });
    return in_queue(*first) + " is paused, and " + std::to_string(first->counts.waiting) + " of its jobs wait" +
           (n > 1 ? "; and " + std::to_string(n - 1) + " more" : "");
}

} // namespace

health::check_result judge(const std::vector<queue_seen>& all, const queue_check_options& options) {
    findings found;
    judge_depth(all, options, found);
    for (const auto& q : all)
        judge_waits(q, options, found);
    auto out = std::move(found).result();
    if (out.status == health_status::healthy)
        out.message = of_paused(all);
    out.details = details_of(all);
    return out;
}

} // namespace infra::app
