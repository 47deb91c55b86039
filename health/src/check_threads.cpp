#include "check_threads.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>

namespace infra::health::detail {

// Each thread owns a share, so that one left behind still has a place to return to.
struct check_threads::shared {
    explicit shared(std::size_t max_threads) : max(max_threads) {}

    const std::size_t max;
    std::mutex mutex;
    std::condition_variable work_arrived;
    std::deque<std::function<void()>> queue; // guarded by mutex
    std::size_t threads = 0;                 // guarded by mutex
    std::size_t claimed = 0;                 // functions queued or running; guarded by mutex
    bool stopped = false;                    // guarded by mutex

    // The life of a thread.
    void work() {
        std::unique_lock lock(mutex);
        while (true) {
            work_arrived.wait(lock, [this] { return stopped || !queue.empty(); });
            if (stopped)
                return;
            auto next = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            next();
            next = nullptr;
            lock.lock();
            --claimed;
        }
    }

    static bool start_thread(const std::shared_ptr<shared>& self) try {
        std::thread([self] {
            pthread_setname_np(pthread_self(), "health");
            self->work();
        }).detach();
        ++self->threads;
        return true;
    } catch (const std::system_error&) {
        return false; // the machine has no thread to give
    }
};

check_threads::check_threads(std::size_t max) : shared_(std::make_shared<shared>(max)) {}

check_threads::~check_threads() {
    std::deque<std::function<void()>> dropped;
    {
        const std::scoped_lock lock(shared_->mutex);
        shared_->stopped = true;
        dropped.swap(shared_->queue);
    }
    shared_->work_arrived.notify_all();
}

bool check_threads::post(std::function<void()> work) {
    const std::scoped_lock lock(shared_->mutex);
    if (shared_->claimed >= 2 * shared_->max)
        return false;
    if (shared_->claimed >= shared_->threads && shared_->threads < shared_->max)
        shared::start_thread(shared_);
    if (shared_->threads == 0)
        return false;
    shared_->queue.push_back(std::move(work));
    ++shared_->claimed;
    shared_->work_arrived.notify_one();
    return true;
}

} // namespace infra::health::detail
