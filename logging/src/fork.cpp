// A child goes on with copies of everything but the threads. Every pipeline is brought to rest before the fork, so that
// the copies are whole; what its rings hold is the parent's to write, and the child's first line starts a thread anew.

#include "pipeline_state.hpp"

#include <algorithm>
#include <new>

#include <pthread.h>

namespace infra::logging::detail {
namespace {

struct directory {
    std::mutex mutex;
    std::vector<pipeline_state*> states; // guarded by mutex
    std::mutex files_mutex;
    std::vector<ring_file*> files; // guarded by files_mutex
};
directory& living() {
    static auto& one = *new directory;
    return one;
}

void before_fork() {
    before_fork_of_defaults();
    living().mutex.lock();
    for (auto* const each : living().states)
        each->before_fork();
    living().files_mutex.lock();
}
void after_in_parent() {
    living().files_mutex.unlock();
    for (auto* const each : living().states)
        each->after_fork_in_parent();
    living().mutex.unlock();
    after_fork_of_defaults();
}
void after_in_child() {
    for (auto* const each : living().files)
        each->leave_to_parent();
    living().files.clear(); // none has anything now, and those that were being made have nobody who will forget them
    living().files_mutex.unlock();
    std::vector<std::shared_ptr<pipeline_state>>
        held_by_threads; // one that nobody else holds ends once all is unlocked
    for (auto* const each : living().states)
        held_by_threads.push_back(each->after_fork_in_child());
    living().mutex.unlock();
    after_fork_of_defaults();
}

// A sink that hangs would hang the fork. After this long the child's copy may be torn in the middle of a write.
constexpr auto patience_at_fork = std::chrono::seconds(1);

void watch_forks() {
    static const int registered = ::pthread_atfork(&before_fork, &after_in_parent, &after_in_child);
    (void)registered;
}

} // namespace

void know(pipeline_state& state) {
    watch_forks();
    const std::scoped_lock lock(living().mutex);
    living().states.push_back(&state);
}

void forget(pipeline_state& state) noexcept {
    const std::scoped_lock lock(living().mutex);
    std::erase(living().states, &state);
}

void know(ring_file& file) {
    watch_forks();
    const auto lock = without_forks();
    living().files.push_back(&file);
}

void forget(ring_file& file) noexcept {
    const auto lock = without_forks();
    std::erase(living().files, &file);
}

std::unique_lock<std::mutex> without_forks() { return std::unique_lock(living().files_mutex); }

void pipeline_state::before_fork() noexcept {
    lanes_.last_words_mutex.lock();
    locked_for_fork_ = !reads_here() && reading_.try_lock_for(patience_at_fork);
    thread_mutex_.lock();
    lanes_.mutex().lock();
    rules_mutex_.lock();
}

void pipeline_state::after_fork_in_parent() noexcept {
    rules_mutex_.unlock();
    lanes_.mutex().unlock();
    thread_mutex_.unlock();
    if (locked_for_fork_)
        reading_.unlock();
    lanes_.last_words_mutex.unlock();
}

std::shared_ptr<pipeline_state> pipeline_state::after_fork_in_child() noexcept {
    if (!locked_for_fork_) {
        ::new (&reading_) std::timed_mutex; // whoever held it is not here
        locked_for_fork_ = reading_.try_lock();
        batch_.clear(0);
    }
    lanes_.keep_only_mine();
    told_dropped_early_ = dropped_early_.load();
    untold_dropped_ = 0;
    answered_.store(asked_.load());
    hurried_.store(false);
    stalled_.store(false);
    waiting_.store(0);
    adding_.store(0);
    reading_thread_.store(std::thread::id());
    if (std::exchange(has_thread_, false)) {
        reader_.store(closing_.load() ? reader::caller : reader::none);
        ended_.store(false);
    }
    after_fork_in_parent();
    return std::move(held_by_thread_);
}

} // namespace infra::logging::detail
