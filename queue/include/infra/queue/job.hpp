#pragma once

/// What a job is to the program: a payload type, a handler, and how often to try.
///
///     auto send_welcome = infra::queue::define_job<welcome_email>({
///         .name = "send-welcome-email",
///         .handler = [](welcome_email data, job_context& context) -> infra::awaitable<void> { … },
///         .attempts = 5,
///         .backoff = infra::queue::exponential(1s)});

#include <infra/base/awaitable.hpp>
#include <infra/base/clock.hpp>
#include <infra/base/json.hpp>
#include <infra/queue/children.hpp>
#include <infra/queue/options.hpp>
#include <infra/runtime/blocking_pool.hpp>

#include <atomic>
#include <concepts>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace infra::queue {

/// The payload of a job that needs none: `define_job<no_data>`, `enqueue(job, {})`.
struct no_data {};
BOOST_DESCRIBE_STRUCT(no_data, (), ())

/// Thrown by a handler: no further attempt will help. See job_definition::retry_if for errors of others.
class unrecoverable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What a handler says became of its job, where a result alone does not say it.
///
///     if (!ready) co_return verdict::snooze(5min);
///     co_return verdict::cancel("the order was withdrawn");
class verdict {
public:
    enum class kind { completed, snoozed, cancelled, waits_for_children };

    verdict() = default; ///< completed, without a result

    template <class T>
    static verdict completed(const T& result) {
        return of_text(json::to_text(result));
    }
    /// Run it again after so long, at least zero. No attempt is spent.
    static verdict snooze(std::chrono::milliseconds pause) { return {kind::snoozed, {}, pause}; }
    /// It is not wanted any more: it fails, for this reason, and no further attempt follows.
    static verdict cancel(std::string reason) { return {kind::cancelled, std::move(reason), {}}; }
    /// Run it again once none of its children is pending, see queue/flow.hpp. No attempt is spent. Where none is pending it runs
    /// again at once if one came, ended or went since this run began, and fails otherwise: it would run for ever. A run that is
    /// repeated finds the children of the one before: ask job_context::count_children(), not the attempt, whether to add them.
    static verdict wait_for_children() { return {kind::waits_for_children, {}, {}}; }
    static verdict of_text(std::string json) { return {kind::completed, std::move(json), {}}; }

    kind what() const noexcept { return what_; }
    const std::string& text() const noexcept { return text_; } ///< the result's JSON, or the reason
    std::chrono::milliseconds pause() const noexcept { return pause_; }

private:
    verdict(kind what, std::string text, std::chrono::milliseconds pause)
        : what_(what), text_(std::move(text)), pause_(pause) {}

    kind what_ = kind::completed;
    std::string text_;
    std::chrono::milliseconds pause_{0};
};

/// What a handler may ask and tell about the job in its hands.
///
/// Threads:  any member from any thread; what is awaited, from plain functions through infra::wait.
/// Errors:   progress() and log() throw nothing: what the storage does not take is said in a log line of the program's.
/// Lifetime: until the handler returns.
class job_context {
public:
    /// Where progress and log lines are kept; either may be empty.
    using teller = std::function<awaitable<void>(std::optional<std::string> progress, std::optional<std::string> line)>;

    /// Reads a page of the job's children from the storage; may be empty: it has none.
    using children_reader = std::function<awaitable<children_page>(std::string cursor)>;

    /// How many children there are; may be empty: they are read and counted.
    using children_counter = std::function<awaitable<children_counts>()>;

    struct facts {
        job_key job{};
        std::string name{};
        int attempt = 1;
        int attempts = 1;
        std::uint64_t fence = 0;
        infra::deadline deadline{};
        clock* time = &real_clock();
        std::string token{}; ///< of the lease
        infra::queue::keep keep_completed{};
    };

    /// For tests of handlers; a worker makes its own.
    explicit job_context(facts known, teller tell = {}, children_reader read_children = {},
                         children_counter count_children = {})
        : facts_(std::move(known)),
          tell_(std::move(tell)),
          read_children_(std::move(read_children)),
          count_children_(std::move(count_children)),
          deadline_(facts_.deadline.time()) {}
    job_context(const job_context&) = delete;
    job_context& operator=(const job_context&) = delete;

    const job_id& id() const noexcept { return facts_.job.id; }
    const std::string& name() const noexcept { return facts_.name; }
    const std::string& queue() const noexcept { return facts_.job.queue; }
    int attempt() const noexcept { return facts_.attempt; } ///< 1 the first time
    int attempts() const noexcept { return facts_.attempts; }
    bool last_attempt() const noexcept { return facts_.attempt >= facts_.attempts; }

    /// Greater at each start of this job, also after a worker vanished. Write it with what the handler writes, and only
    /// where no greater one stands: then a run that was thought dead cannot undo a later one.
    std::uint64_t fence() const noexcept { return facts_.fence; }

    /// For when a schedule had this run; empty for other jobs.
    std::optional<wall_time> scheduled_for() const;

    /// Of this attempt, from the job's timeout; never, without one.
    infra::deadline deadline() const noexcept { return deadline_.load(std::memory_order_relaxed); }

    /// Gives this attempt so long from now on, if that is later than its deadline.
    void extend(std::chrono::milliseconds more);

    /// True once nobody waits for this attempt: the worker's drain time is over, the timeout has passed, the lease is lost
    /// or somebody cancelled the job. A coroutine is cancelled as well; a plain function must ask, and return or throw.
    bool stop_requested() const noexcept { return stop_.load(std::memory_order_relaxed); }
    void request_stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

    /// True once somebody cancelled the job, in this process or another. It does not run again, whatever this attempt
    /// comes to; a coroutine that completes all the same is completed, what a plain function returns counts no more.
    bool cancel_requested() const noexcept { return cancel_.load(std::memory_order_relaxed); }
    void request_cancel() noexcept {
        cancel_.store(true, std::memory_order_relaxed);
        request_stop();
    }

    /// What completes a job elsewhere than by its handler's return needs, see sqlite_transaction.hpp.
    lease held() const { return {facts_.job, facts_.fence, facts_.token}; }
    const keep& keep_completed() const noexcept { return facts_.keep_completed; }
    /// That this was done; true from then on, also if it is undone.
    void note_completion() noexcept { completed_.store(true, std::memory_order_relaxed); }
    bool completion_noted() const noexcept { return completed_.load(std::memory_order_relaxed); }

    /// Shown to people until the next one: a number, a described struct, any JSON.
    template <class T>
    [[nodiscard]] awaitable<void> progress(const T& value) {
        return tell(json::to_text(value));
    }

    /// Writes a log line that names the job, and keeps it with the job.
    [[nodiscard]] awaitable<void> log(std::string message);

    // --- the children it waited for, see queue/flow.hpp; read from the storage at each call ---

    /// In the order in which they were added, up to max_children.
    [[nodiscard]] awaitable<std::vector<child_info>> children() const;
    [[nodiscard]] awaitable<std::vector<child_info>> failed_children() const;
    [[nodiscard]] awaitable<children_counts> count_children() const; ///< without reading them

    /// What the handlers of those that completed returned. Throws json::invalid if one is no T.
    template <class T = json::value>
    [[nodiscard]] awaitable<std::vector<T>> children_values() const {
        std::vector<T> values;
        for (const auto& each : co_await children())
            if (each.state == child_state::completed)
                values.push_back(value_of<T>(each));
        co_return values;
    }

    /// What the step before it in a chain returned. Throws infra::errc::invalid_state if there was none.
    template <class T = json::value>
    [[nodiscard]] awaitable<T> previous() const {
        co_return value_of<T>(co_await last_completed());
    }

private:
    awaitable<void> tell(std::string progress);
    awaitable<child_info> last_completed() const;

    template <class T>
    static T value_of(const child_info& child) {
        const std::string_view text = child.result.empty() ? std::string_view("null") : child.result;
        return json::parse<T>(text, {.max_bytes = text.size()}).value();
    }

    facts facts_;
    teller tell_;
    children_reader read_children_;
    children_counter count_children_;
    std::atomic<steady_time> deadline_;
    std::atomic<bool> stop_{false};
    std::atomic<bool> cancel_{false};
    std::atomic<bool> completed_{false};
};

/// A handler of jobs with payload T: plain or coroutine; taking T (by value or const&), T and job_context&, job_context& or
/// nothing; returning nothing, a value that becomes the job's result through JSON, or a verdict. Called for several jobs at
/// once.
///
/// A coroutine runs on the worker's executor. A plain function runs on a thread of the worker's own, where it may block
/// and burn CPU.
template <class T>
class job_handler {
public:
    job_handler() = default; ///< none: this process adds such jobs, another runs them

    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, job_handler>)
    job_handler(F function) {
        static_assert(std::is_invocable_v<F&, T, job_context&> || std::is_invocable_v<F&, T> ||
                          std::is_invocable_v<F&, job_context&> || std::is_invocable_v<F&>,
                      "infra::queue: a handler takes (T), (T, job_context&), (job_context&) or (): T by value or "
                      "const&, not T&");
        const auto kept = std::make_shared<F>(std::move(function));
        using returned = decltype(call(*kept, std::declval<T>(), std::declval<job_context&>()));
        if constexpr (infra::detail::awaited<returned>::is_awaitable)
            run_ = [kept](T data, std::shared_ptr<job_context> context, blocking_pool&) {
                return on_loop<F>(kept, std::move(data), std::move(context));
            };
        else
            run_ = [kept](T data, std::shared_ptr<job_context> context, blocking_pool& pool) {
                return on_pool<F>(kept, std::move(data), std::move(context), pool);
            };
    }

    explicit operator bool() const noexcept { return static_cast<bool>(run_); }

    awaitable<verdict> operator()(T data, std::shared_ptr<job_context> context, blocking_pool& pool) const {
        return run_(std::move(data), std::move(context), pool);
    }

private:
    template <class F>
    static decltype(auto) call(F& function, T&& data, job_context& context) {
        if constexpr (std::is_invocable_v<F&, T, job_context&>)
            return function(std::move(data), context);
        else if constexpr (std::is_invocable_v<F&, T>)
            return function(std::move(data));
        else if constexpr (std::is_invocable_v<F&, job_context&>)
            return function(context);
        else
            return function();
    }

    template <class R>
    static verdict verdict_of(R&& result) {
        if constexpr (std::same_as<std::remove_cvref_t<R>, verdict>)
            return std::forward<R>(result);
        else
            return verdict::completed(result);
    }

    // The frame keeps the function, its data and the context: a coroutine handler may hold references to all three.
    template <class F>
    static awaitable<verdict> on_loop(std::shared_ptr<F> function, T data, std::shared_ptr<job_context> context) {
        using result = typename infra::detail::awaited<decltype(call(*function, std::move(data), *context))>::type;
        if constexpr (std::is_void_v<result>) {
            co_await start(*function, data, *context);
            co_return verdict();
        } else {
            co_return verdict_of(co_await start(*function, data, *context));
        }
    }

    // A handler that takes const T& is given the frame's own copy, which lives until it is done.
    template <class F>
    static auto start(F& function, T& data, job_context& context) {
        if constexpr (std::is_invocable_v<F&, const T&, job_context&>)
            return function(std::as_const(data), context);
        else if constexpr (std::is_invocable_v<F&, const T&>)
            return function(std::as_const(data));
        else
            return call(function, std::move(data), context);
    }

    template <class F>
    static awaitable<verdict> on_pool(std::shared_ptr<F> function, T data, std::shared_ptr<job_context> context,
                                      blocking_pool& pool) {
        auto work = [function, data = std::move(data), context]() mutable -> verdict {
            verdict reached;
            if constexpr (std::is_void_v<decltype(call(*function, std::move(data), *context))>)
                call(*function, std::move(data), *context);
            else
                reached = verdict_of(call(*function, std::move(data), *context));
            if (context->cancel_requested()) // it may have left off because of that
                throw unrecoverable("cancelled");
            return reached;
        };
        co_return co_await pool.run(std::move(work));
    }

    std::function<awaitable<verdict>(T, std::shared_ptr<job_context>, blocking_pool&)> run_;
};

/// An attempt that did not succeed, for those who decide what follows.
struct failed_attempt {
    int attempt = 1;
    std::string reason{};
    std::exception_ptr thrown{};
};

/// What a definition says about failures beyond numbers. Called on the worker's executor; what they throw is as if they
/// were unset.
struct retry_rules {
    std::function<bool(const failed_attempt&)> retry_if{};                        ///< as job_definition::retry_if
    std::function<std::chrono::milliseconds(const failed_attempt&)> backoff_by{}; ///< as job_definition::backoff_by
};

/// Names a kind of job, and what it needs.
template <class T>
struct job_definition {
    std::string name{};       ///< 1 to 100 bytes; see check_name
    job_handler<T> handler{}; ///< none: this process only adds such jobs
    int attempts = 1;         ///< 1 … 1'000'000, the first one included
    infra::backoff backoff{}; ///< between attempts; the default retries at once
    /// False: no further attempt would help, and the job fails at once. Unset: it always might.
    std::function<bool(const failed_attempt&)> retry_if{};
    /// Instead of `backoff`: how long before the next attempt.
    std::function<std::chrono::milliseconds(const failed_attempt&)> backoff_by{};
    std::optional<std::chrono::milliseconds> timeout{}; ///< of one attempt; unset: none
    std::optional<std::chrono::milliseconds> ttl{};     ///< see enqueue_options::ttl
    int priority = 0;                                   ///< 0 (first) … 2'097'151
    std::string queue{};                                ///< empty: a queue of its own, named like the job
    keep keep_completed{.count = 1000};                 ///< records of jobs that were done
    keep keep_failed{.count = 5000};                    ///< records of jobs that failed for good
};

/// A defined job: a cheap handle to copy into handlers.
///
/// Threads:  a value.
template <class T>
class job {
public:
    /// For a registry; a job made otherwise can be enqueued, and no worker of this process knows it.
    explicit job(job_definition<T> definition)
        : definition_(std::make_shared<const job_definition<T>>(with_queue(std::move(definition)))) {}

    const std::string& name() const noexcept { return definition_->name; }
    const std::string& queue() const noexcept { return definition_->queue; }
    const job_definition<T>& definition() const noexcept { return *definition_; }

private:
    static job_definition<T> with_queue(job_definition<T> definition) {
        if (definition.queue.empty())
            definition.queue = definition.name;
        return definition;
    }

    std::shared_ptr<const job_definition<T>> definition_;
};

} // namespace infra::queue
