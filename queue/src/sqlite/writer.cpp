#include "writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

namespace infra::queue::sqlite {
namespace {

std::exception_ptr closed() {
    return std::make_exception_ptr(error(infra::errc::closed, "the queue's storage was stopped and does nothing more"));
}

error overloaded(const sqlite_options& options) {
    return {infra::errc::overloaded,
            "too many operations wait for the queue's file " + options.file.string() +
                " (sqlite_options::max_waiting, max_waiting_bytes); nothing was stored, try later"};
}

} // namespace

writer::writer(sqlite_options options)
    : options_(std::move(options)), arrivals_(std::make_shared<arrivals>([this] {
          const std::scoped_lock lock(mutex_); // the thread is now either before its look at anybody_waits() or asleep
          changed_.notify_one();
      })) {}

writer::~writer() {
    abandon();
    if (thread_.joinable())
        thread_.join();
}

void writer::abandon() noexcept {
    const std::scoped_lock lock(mutex_);
    stopping_ = hurry_ = true;
    if (thread_.joinable())
        changed_.notify_one();
    else
        arrivals_->close(closed());
}

void writer::post(std::unique_ptr<operation> work) {
    const std::scoped_lock lock(mutex_);
    if (stopping_)
        std::rethrow_exception(closed());
    if (!work->urgent && (waiting_.size() >= options_.max_waiting ||
                          (waiting_bytes_ > 0 && waiting_bytes_ + work->bytes > options_.max_waiting_bytes)))
        throw overloaded(options_);
    if (!thread_.joinable()) // before the work is in its hands: what throws here has stored nothing
        thread_ = std::thread([this] { this->work(); });
    waiting_bytes_ += work->bytes;
    waiting_.push_back(std::move(work));
    if (waiting_.size() == 1)
        changed_.notify_one();
}

void writer::stop(const promise<void>& drained) {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    if (ended_ || !thread_.joinable()) {
        arrivals_->close(closed()); // which a thread that never began will not do
        return drained.set_value();
    }
    told_.push_back(drained);
    changed_.notify_one();
}

// --- the thread ---------------------------------------------------------------------------------------------------

void writer::work() {
    pthread_setname_np(pthread_self(), "queue-sqlite");
    while (true) {
        auto all = next_batch();
        if (all.empty())
            break;
        if (hurry_)
            for (auto& each : all)
                each->fail(closed());
        else
            perform(all);
    }
    store_.reset();
    arrivals_->close(closed());
    end();
}

void writer::end() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    for (const auto& each : told_)
        each.set_value();
    told_.clear();
}

// Everything that waits; empty once stopped. Looks for other processes' work while somebody waits for some.
writer::batch writer::next_batch() {
    std::unique_lock lock(mutex_);
    while (waiting_.empty() && !stopping_) {
        if (!arrivals_->anybody_waits()) {
            changed_.wait(lock);
        } else if (changed_.wait_for(lock, options_.poll) == std::cv_status::timeout) {
            lock.unlock();
            look_for_others();
            lock.lock();
        }
    }
    waiting_bytes_ = 0;
    return std::exchange(waiting_, {});
}

void writer::look_for_others() {
    try {
        open();
        store_->look_for_others();
        if (store_->take_others_wrote())
            arrivals_->publish_to_all();
    } catch (const std::exception&) {
        // Whoever waits will claim when a time it knows has come, and is then told what is wrong.
        drop_if_broken(std::current_exception());
    }
}

void writer::perform(batch& all) {
    if (perform_together(all))
        return;
    // The whole transaction was lost to one of them, or to a full disk: each for itself, so that those that can, do.
    for (auto& each : all) {
        batch one;
        one.push_back(std::move(each));
        perform_together(one);
    }
}

// False if all is undone and it may help to try one by one; otherwise everyone has been told.
bool writer::perform_together(batch& all) {
    const bool alone = all.size() == 1;
    std::vector<std::exception_ptr> failures(all.size());
    bool begun = false;
    try {
        begin(*std::ranges::max_element(all, {}, [](const auto& each) { return each->needed; }));
        begun = true;
        for (std::size_t i = 0; i < all.size(); ++i)
            perform_part(*all[i], alone, failures[i]);
        store_->commit();
    } catch (...) {
        const bool given_up = hurry_ && !begun; // not "locked for too long"
        const auto why = given_up ? closed() : std::current_exception();
        if (store_)
            store_->rollback();
        drop_if_broken(why);
        if (begun && !alone && store_)
            return false;
        for (auto& each : all)
            each->fail(why);
        return true;
    }
    for (std::size_t i = 0; i < all.size(); ++i)
        failures[i] ? all[i]->fail(failures[i]) : all[i]->succeed();
    arrivals_->publish(store_->touched);
    return true;
}

void writer::begin(const std::unique_ptr<operation>& most_demanding) {
    open();
    store_->begin(most_demanding->needed);
    if (store_->take_others_wrote())
        arrivals_->publish_to_all();
}

// Throws only if the transaction is lost.
void writer::perform_part(operation& one, bool alone, std::exception_ptr& failure) {
    if (alone)
        return one.perform(*store_);
    store_->begin_part();
    try {
        one.perform(*store_);
    } catch (...) {
        if (!store_->in_transaction())
            throw;
        failure = std::current_exception();
        store_->undo_part();
        return;
    }
    store_->end_part();
}

// A file that was moved away is not written to any more: what it would acknowledge nobody would find.
void writer::open() {
    if (store_ && store_->has_moved())
        store_.reset();
    if (!store_)
        store_.emplace(options_, hurry_);
}

// The next operation opens the file anew, in case somebody has put a sound one there.
void writer::drop_if_broken(const std::exception_ptr& why) {
    if (code_of(why) == errc::corrupt)
        store_.reset();
}

} // namespace infra::queue::sqlite
