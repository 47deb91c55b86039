#pragma once

// How things come to one loop from any thread: all that is brought before it looks is seen to in one turn of it.

#include <infra/base/awaitable.hpp>
#include <infra/runtime/loop_gate.hpp>

#include <boost/asio/post.hpp>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace infra::queue::redis_backend {

/// A loop, which others may call though it ends at that moment.
struct home {
    explicit home(executor on) : ex(std::move(on)), gate(loop_gate::of(ex)) {}
    const executor ex;
    const std::shared_ptr<loop_gate> gate;
};

/// Threads:  bring() from any; take() on the loop.
/// Lifetime: `look` keeps whoever owns this. What is brought once the loop has ended lies unseen.
template <class T>
class inbox {
public:
    explicit inbox(const home& at) : at_(at) {}

    /// `look` is called on the loop, once for all that came until then.
    template <class Look>
    void bring(T what, Look look) {
        const std::scoped_lock lock(mutex_);
        lying_.push_back(std::move(what));
        if (called_)
            return;
        at_.gate->pass([&] {
            asio::post(at_.ex, std::move(look));
            called_ = true;
        });
    }

    std::vector<T> take() {
        const std::scoped_lock lock(mutex_);
        called_ = false;
        return std::exchange(lying_, {});
    }

private:
    const home& at_;
    std::mutex mutex_;
    std::vector<T> lying_; // guarded by mutex_
    bool called_ = false;  // guarded by mutex_; the loop will look
};

} // namespace infra::queue::redis_backend
