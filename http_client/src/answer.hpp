#pragma once

/// The way back from the client's loop to whoever waits, who may leave at any moment.

#include <infra/runtime/promise.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace infra::http {

/// A promise that the waiting side can withdraw. After leave() nothing here refers to the waiting side's loop any more,
/// so that loop may end while this loop still holds the answer.
///
/// Threads: any.
template <class T>
class answer {
public:
    explicit answer(promise<T> to) : promise_(std::move(to)) {}

    template <class... Value>
    void give(Value&&... value) {
        const std::scoped_lock lock(mutex_);
        if (promise_)
            std::exchange(promise_, std::nullopt)->set_value(std::forward<Value>(value)...);
    }

    void fail(std::exception_ptr why) {
        const std::scoped_lock lock(mutex_);
        if (promise_)
            std::exchange(promise_, std::nullopt)->set_exception(std::move(why));
    }

    void leave() noexcept {
        const std::scoped_lock lock(mutex_);
        promise_.reset();
    }

private:
    std::mutex mutex_;
    std::optional<promise<T>> promise_; // guarded by mutex_
};

} // namespace infra::http
