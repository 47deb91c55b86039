#include "completion.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace infra::queue {

/// Those of one loop: awaited, or completed and on their way.
///
/// Threads:  take() from any, inside the gate; the rest on the loop.
/// Lifetime: a service of the loop, and younger than its gate and its scheduler: it lets go of coroutines while these live.
class completions final : public asio::execution_context::service {
public:
    explicit completions(asio::execution_context& of) : service(of) {}

    static completions& of(const executor& ex) {
        return asio::use_service<completions>(asio::query(ex, asio::execution::context));
    }

    void shutdown() noexcept override {
        std::vector<completion::waiter> left;
        const std::scoped_lock lock(mutex_);
        while (!awaited_.empty())
            left.push_back(take_waiter(*awaited_.back()));
        done_.clear();
    }

    void wait(completion& one, completion::waiter w) {
        const std::scoped_lock lock(mutex_);
        if (one.delivered_)
            return resume_later(std::move(w), {});
        one.place_ = awaited_.size();
        awaited_.push_back(&one);
        one.waiting_.emplace(std::move(w));
    }

    void cancel(completion& one) {
        const std::scoped_lock lock(mutex_);
        if (one.waiting_)
            resume_later(take_waiter(one), asio::error::operation_aborted);
    }

    /// Those for whom nobody waits now are delivered to whoever waits for them later.
    void take(std::vector<std::shared_ptr<completion>> all) {
        const std::scoped_lock lock(mutex_);
        for (auto& each : all)
            if (each->waiting_)
                done_.push_back(std::move(each));
            else
                each->delivered_ = true;
        call();
    }

    static asio::execution_context::id id;

private:
    static constexpr std::size_t most_in_a_run = 256; // so that others on the loop have their turn

    static void resume_later(completion::waiter w, boost::system::error_code ec) {
        asio::post(w.on, [resume = std::move(w.resume), ec]() mutable { std::move(resume)(ec); });
    }

    completion::waiter take_waiter(completion& one) {
        awaited_.back()->place_ = one.place_;
        std::swap(awaited_[one.place_], awaited_.back());
        awaited_.pop_back();
        auto w = std::move(*one.waiting_);
        one.waiting_.reset();
        return w;
    }

    // On the loop of the first that waits: with strands, any of them will do.
    void call() {
        if (called_ || done_.empty())
            return;
        const auto first = std::ranges::find_if(done_, [](const auto& each) { return each->waiting_.has_value(); });
        if (first == done_.end())
            return deliver_unawaited();
        called_ = true;
        asio::post((*first)->waiting_->on, [this] { run(); });
    }

    void deliver_unawaited() {
        for (const auto& each : std::exchange(done_, {}))
            each->delivered_ = true;
    }

    void run() {
        for (auto& w : next_run())
            w.on.execute([resume = std::move(w.resume)]() mutable { std::move(resume)({}); });
    }

    std::vector<completion::waiter> next_run() {
        std::vector<completion::waiter> next;
        const std::scoped_lock lock(mutex_);
        const auto n = std::min(done_.size(), most_in_a_run);
        next.reserve(n);
        for (std::size_t i = 0; i < n; ++i) {
            done_[i]->delivered_ = true;
            if (done_[i]->waiting_) // and was not cancelled since
                next.push_back(take_waiter(*done_[i]));
        }
        done_.erase(done_.begin(), done_.begin() + static_cast<std::ptrdiff_t>(n));
        called_ = false;
        call();
        return next;
    }

    std::mutex mutex_;
    std::vector<completion*> awaited_;              // guarded by mutex_
    std::vector<std::shared_ptr<completion>> done_; // guarded by mutex_
    bool called_ = false;                           // guarded by mutex_; run() will come
};

asio::execution_context::id completions::id;

completion::completion(const executor& ex) : gate_(loop_gate::of(ex)), loop_(&completions::of(ex)) {}

awaitable<void> completion::delivered() {
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(boost::system::error_code)>(
        [this](handler resume) { wait(std::move(resume)); }, asio::use_awaitable);
    if (failure_)
        std::rethrow_exception(failure_);
}

void completion::wait(handler resume) {
    auto slot = asio::get_associated_cancellation_slot(resume);
    if (slot.is_connected())
        slot.assign([this](asio::cancellation_type) { cancel(); });
    auto on = asio::prefer(asio::get_associated_executor(resume), asio::execution::outstanding_work.tracked);
    loop_->wait(*this, {std::move(resume), std::move(on)});
}

void completion::cancel() { loop_->cancel(*this); }

void completion_batch::add(std::shared_ptr<completion> done, std::exception_ptr failure) {
    done->failure_ = std::move(failure);
    done_.push_back(std::move(done));
}

// Most often there are two loops: who adds, and who works.
void completion_batch::deliver() noexcept {
    while (!done_.empty()) {
        const auto gate = done_.front()->gate_;
        auto* const loop = done_.front()->loop_;
        std::vector<std::shared_ptr<completion>> theirs, others;
        theirs.reserve(done_.size());
        for (auto& each : done_)
            (each->gate_ == gate ? theirs : others).push_back(std::move(each));
        gate->pass([&] { loop->take(std::move(theirs)); });
        done_ = std::move(others);
    }
}

} // namespace infra::queue
