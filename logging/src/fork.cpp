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
}
void after_in_parent() {
    for (auto* const each : living().states)
        each->after_fork_in_parent();
    living().mutex.unlock();
    after_fork_of_defaults();
}
void after_in_child() {
    std::vector<std::shared_ptr<pipeline_state>>
        held_by_threads; // one that nobody else holds ends once all is unlocked
    for (auto* const each : living().states)
        held_by_threads.push_back(each->after_fork_in_child());
    living().mutex.unlock();
    after_fork_of_defaults();
}

// A sink that hangs would hang the fork. After this long the child's copy may be torn in the middle of a write.
constexpr auto patience = std::chrono::seconds(1);

} // namespace

void know(pipeline_state& state) {
    static const int registered = ::pthread_atfork(&before_fork, &after_in_parent, &after_in_child);
    (void)registered;
    const std::scoped_lock lock(living().mutex);
    living().states.push_back(&state);
}

void forget(pipeline_state& state) noexcept {
    const std::scoped_lock lock(living().mutex);
    std::erase(living().states, &state);
}

void pipeline_state::before_fork() noexcept {
    lanes_.last_words_mutex.lock();
    locked_for_fork_ = !reads_here() && reading_.try_lock_for(patience);
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
    if (ring_file_)
        ring_file_->leave_to_parent();
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
