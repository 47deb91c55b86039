// A child goes on with copies of everything but the threads. Metrics are brought to rest before the fork, so that the copies
// are whole. Whoever counts takes no lock that a fork could wait for and may stand inside an observation: in the child the
// cells of such a thread are read as it left them.

#include "meter.hpp"
#include "registry.hpp"

#include <mutex>
#include <new>

#include <pthread.h>

namespace infra::monitoring::detail {
namespace {

struct directory {
    std::mutex mutex;                  // held over a fork
    std::vector<registry*> registries; // guarded by mutex
};
directory& living() {
    static auto& one = *new directory;
    return one;
}

void before_fork() {
    before_fork_of_meter();
    living().mutex.lock();
    for (auto* const each : living().registries)
        each->before_fork();
    before_fork_of_cells();
}

void after_in_parent() {
    after_fork_of_cells();
    for (auto* const each : living().registries)
        each->after_fork_in_parent();
    living().mutex.unlock();
    after_fork_of_meter();
}

void after_in_child() {
    orphan_cells_of_others();
    after_fork_of_cells();
    forget_readers();
    for (auto* const each : living().registries)
        each->after_fork_in_child();
    living().mutex.unlock();
    after_fork_of_meter();
}

// Before any pipeline of logging's does, so that a fork takes its locks first: whoever holds one of those may want one of
// ours, to count a line.
[[maybe_unused]] const int registered = [] {
    living(); // nor may a fork find it half made
    return ::pthread_atfork(&before_fork, &after_in_parent, &after_in_child);
}();

} // namespace

void know(registry& r) {
    const std::scoped_lock lock(living().mutex);
    living().registries.push_back(&r);
}

void forget(registry& r) noexcept {
    const std::scoped_lock lock(living().mutex);
    std::erase(living().registries, &r);
}

// Shared, so that a fork waits for no scrape: what they guard stands still even so.
void registry::before_fork() noexcept {
    baselines_.lock_shared();
    mutex_.lock_shared();
}

void registry::after_fork_in_parent() noexcept {
    mutex_.unlock_shared();
    baselines_.unlock_shared();
}

// Threads that are not here may have held them too, or wait for them.
void registry::after_fork_in_child() noexcept {
    after_fork_in_parent();
    ::new (&mutex_) std::shared_mutex;
    ::new (&baselines_) std::shared_mutex;
}

} // namespace infra::monitoring::detail
