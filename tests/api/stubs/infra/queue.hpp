#pragma once

/// Background jobs, at least once.
///
///     auto send_welcome = infra::queue::define_job<welcome_email>({
///         .name = "send-welcome-email",
///         .handler = [](welcome_email data) -> infra::awaitable<void> { … },
///         .attempts = 5, .backoff = infra::queue::exponential(1s)});
///     co_await infra::queue::enqueue(send_welcome, {.user_id = id, .email = email}, {.delay = 5s});
///     auto worker = infra::queue::create_queue_worker({.concurrency = 10});
///     co_await worker.run();

#include <infra/base.hpp>

#include <deque>
#include <functional>

namespace infra::queue {

using infra::exponential;
using infra::fixed;

/// Text, as BullMQ's: it is logged, stored and put in addresses as it is.
using job_id = std::string;

/// The payload of a job that needs none: `define_job<no_data>`, `enqueue(job, {})`.
struct no_data {};
BOOST_DESCRIBE_STRUCT(no_data, (), ())

/// What happens to the record of a job that is over.
struct keep {
    std::optional<std::size_t> count{};        ///< at most so many, newest first; unset: no limit by number
    std::optional<std::chrono::seconds> age{}; ///< at most so old; unset: no limit by age
};

struct deduplication {
    std::string id{};                               ///< while a job with this id lives, another is not added
    std::optional<std::chrono::milliseconds> ttl{}; ///< set: throttle for so long instead
    bool replace = false;                           ///< the newest data wins (debounce)
};

/// Per call. What is left out is what the job's definition says.
struct enqueue_options {
    std::chrono::milliseconds delay{0};
    std::optional<int> attempts{}; ///< ≥ 1
    std::optional<infra::backoff> backoff{};
    std::optional<int> priority{}; ///< 0 (none) … 2'097'151; 1 is served before 2
    bool lifo = false;             ///< true: in front of those that wait
    std::optional<job_id> id{};    ///< set: a second job with it is not added
    std::optional<infra::queue::deduplication> deduplication{};
    std::optional<keep> keep_completed{};
    std::optional<keep> keep_failed{};
    std::optional<std::chrono::milliseconds> timeout{}; ///< of one attempt
};

/// What a handler may ask and tell about the job in its hands.
class job_context {
public:
    job_context(job_id id, std::string name, int attempt, int attempts)
        : id_(std::move(id)), name_(std::move(name)), attempt_(attempt), attempts_(attempts) {}
    job_context(const job_context&) = delete;
    job_context& operator=(const job_context&) = delete;

    const job_id& id() const { return id_; }
    const std::string& name() const { return name_; }
    int attempt() const { return attempt_; } ///< 1 the first time
    int attempts() const { return attempts_; }
    bool last_attempt() const { return attempt_ == attempts_; }
    bool stop_requested() const { return false; } ///< the worker is stopping, or the lease is lost

    [[nodiscard]] awaitable<void> progress(json::value) { co_return; }
    [[nodiscard]] awaitable<void> log(std::string) { co_return; }

private:
    job_id id_;
    std::string name_;
    int attempt_;
    int attempts_;
};

enum class job_state { waiting, delayed, active, completed, failed, unknown };
BOOST_DESCRIBE_ENUM(job_state, waiting, delayed, active, completed, failed, unknown)

/// What is known about one job, as `get_job` found it.
struct job_info {
    job_id id{};
    std::string name{};
    job_state state = job_state::unknown;
    int attempts_made = 0;
    json::value data{};
    json::value result{}; ///< of a completed one
    std::string error{};  ///< the last attempt's, in a sentence
};
BOOST_DESCRIBE_STRUCT(job_info, (), (id, name, state, attempts_made, data, result, error))

/// Thrown by a handler: no further attempt will help.
class unrecoverable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A handler of jobs with payload T: plain or coroutine; taking T (by value or const&), or T and job_context&,
/// or nothing; returning nothing, or a value that becomes the job's result through JSON.
template <class T>
class job_handler {
public:
    job_handler() = default; ///< none: this process adds such jobs, another runs them

    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, job_handler>)
    job_handler(F function) {
        constexpr bool with_context = std::is_invocable_v<F&, T, job_context&>;
        constexpr bool with_data = std::is_invocable_v<F&, T>;
        constexpr bool with_nothing = std::is_invocable_v<F&>;
        static_assert(with_context || with_data || with_nothing,
                      "infra::queue: a handler takes (T), (T, job_context&) or (): T by value or const&, not T&");
        auto kept = std::make_shared<F>(std::move(function));
        if constexpr (with_context)
            run_ = [kept](T data, job_context& context) {
                return run<F, T, job_context&>(kept, std::move(data), context);
            };
        else if constexpr (with_data)
            run_ = [kept](T data, job_context&) { return run<F, T>(kept, std::move(data)); };
        else if constexpr (with_nothing)
            run_ = [kept](T, job_context&) { return run<F>(kept); };
    }

    explicit operator bool() const { return static_cast<bool>(run_); }
    awaitable<json::value> operator()(T data, job_context& context) const { return run_(std::move(data), context); }

private:
    template <class F, class... Args>
    static awaitable<json::value> run(std::shared_ptr<F> function, Args... args) {
        using result = detail::awaited_t<std::invoke_result_t<F&, Args...>>;
        if constexpr (std::is_void_v<result>) {
            co_await detail::call<F, Args...>(function, std::forward<Args>(args)...);
            co_return nullptr;
        } else {
            static_assert(json::convertible<result>, "infra::queue: a handler returns void or what JSON can hold");
            co_return json::to_value(co_await detail::call<F, Args...>(function, std::forward<Args>(args)...));
        }
    }

    std::function<awaitable<json::value>(T, job_context&)> run_;
};

template <class T>
struct job_definition {
    std::string name{};
    job_handler<T> handler{};
    int attempts = 1;                                   ///< ≥ 1, the first one included
    infra::backoff backoff{};                           ///< none: at once
    std::optional<std::chrono::milliseconds> timeout{}; ///< of one attempt
    int priority = 0;
    std::string queue = "default";
    std::optional<std::size_t> concurrency{}; ///< of this job within a worker; unset: the worker's
    keep keep_completed{.count = 1000};
    keep keep_failed{.count = 5000};
};

/// A defined job: a cheap handle to copy into handlers.
template <class T>
class job {
public:
    const std::string& name() const { return definition_->name; }

    explicit job(job_definition<T> definition)
        : definition_(std::make_shared<const job_definition<T>>(std::move(definition))) {}
    const job_definition<T>& definition() const { return *definition_; }

private:
    std::shared_ptr<const job_definition<T>> definition_;
};

namespace detail {

struct waiting {
    job_id id{};
    std::string name{};
    std::string data{};
    enqueue_options options{};
};

struct cron_entry;

struct stub_state {
    std::uint64_t last_id = 0;
    std::deque<waiting> jobs{};
    std::map<std::string, std::function<awaitable<json::value>(const waiting&)>, std::less<>> handlers{};
    std::map<std::string, json::value, std::less<>> results{};
    std::map<std::string, std::string, std::less<>> failures{};
};

inline stub_state& state() {
    static stub_state one;
    return one;
}

template <class T>
awaitable<json::value> perform(std::shared_ptr<const job_definition<T>> definition, waiting taken) {
    const int attempts = taken.options.attempts.value_or(definition->attempts);
    for (int attempt = 1;; ++attempt) {
        job_context context(taken.id, taken.name, attempt, attempts);
        try {
            co_return co_await definition->handler(json::parse<T>(taken.data), context);
        } catch (const unrecoverable&) {
            throw;
        } catch (const std::exception&) {
            if (attempt >= attempts)
                throw;
        }
    }
}

inline awaitable<job_id> add(std::string name, std::string data, enqueue_options options) {
    auto id = options.id ? *options.id : std::to_string(++state().last_id);
    state().jobs.push_back({id, std::move(name), std::move(data), std::move(options)});
    co_return id;
}

} // namespace detail

/// Defines a job by name. Without T its data is a json::value.
template <class T = json::value>
job<T> define_job(job_definition<T> definition) {
    if (definition.name.empty())
        throw std::invalid_argument("queue::job_definition::name must not be empty");
    auto kept = std::make_shared<const job_definition<T>>(definition);
    if (kept->handler)
        detail::state().handlers[kept->name] = [kept](const detail::waiting& taken) {
            return detail::perform<T>(kept, taken);
        };
    return job<T>(std::move(definition));
}

/// Adds a job; durable when the id is returned. `data` is written at the call, so nothing of it need live on.
template <class T>
[[nodiscard]] awaitable<job_id> enqueue(const job<T>& to, const std::type_identity_t<T>& data,
                                        enqueue_options options = {}) {
    return detail::add(to.name(), json::to_text(data), std::move(options));
}

/// The same by name: a braced object, a json::value, or any described struct.
template <class T = json::value>
[[nodiscard]] awaitable<job_id> enqueue(std::string_view name, const T& data, enqueue_options options = {}) {
    static_assert(json::convertible<T>, "infra::queue: describe the payload with BOOST_DESCRIBE_STRUCT");
    return detail::add(std::string(name), json::to_text(data), std::move(options));
}

/// Adds many in one transaction.
template <class T>
[[nodiscard]] awaitable<std::vector<job_id>> enqueue_bulk(job<T> to, std::vector<std::type_identity_t<T>> data,
                                                          enqueue_options options = {}) {
    std::vector<job_id> ids;
    for (const auto& each : data)
        ids.push_back(co_await enqueue(to, each, options));
    co_return ids;
}

namespace detail {
inline awaitable<std::optional<job_info>> find(job_id id) {
    for (const auto& each : state().jobs)
        if (each.id == id)
            co_return job_info{
                .id = id, .name = each.name, .state = job_state::waiting, .data = boost::json::parse(each.data)};
    if (const auto done = state().results.find(id); done != state().results.end())
        co_return job_info{.id = id, .state = job_state::completed, .result = done->second};
    if (const auto failed = state().failures.find(id); failed != state().failures.end())
        co_return job_info{.id = id, .state = job_state::failed, .error = failed->second};
    co_return std::nullopt;
}
} // namespace detail

/// The job with this id; empty if it never was or is no longer kept.
[[nodiscard]] inline awaitable<std::optional<job_info>> get_job(std::string_view id) {
    return detail::find(job_id(id));
}

// ---------------------------------------------------------------- the object under the functions

struct queue_options {
    std::string url{}; ///< empty: QUEUE_URL, else REDIS_URL, else sqlite:var/queue.db
    std::string name = "default";
    std::size_t max_payload_bytes = 1 << 20;
    std::chrono::milliseconds timeout{5000}; ///< of one operation
    infra::executor executor{};              ///< empty: the default runtime's
};

/// A queue made by hand, as tests do; the free functions use one made from the environment.
///
/// The class has its namespace's name: within `infra::queue`, write `infra::queue::x` or `x`, never `queue::x`.
class queue {
public:
    explicit queue(queue_options options = {}) : options_(std::make_shared<const queue_options>(std::move(options))) {}

    const std::string& name() const { return options_->name; }

    template <class T>
    [[nodiscard]] awaitable<job_id> enqueue(const job<T>& to, const std::type_identity_t<T>& data,
                                            enqueue_options options = {}) {
        return infra::queue::enqueue(to, data, std::move(options));
    }
    template <class T = json::value>
    [[nodiscard]] awaitable<job_id> enqueue(std::string_view job_name, const T& data, enqueue_options options = {}) {
        return infra::queue::enqueue(job_name, data, std::move(options));
    }
    [[nodiscard]] awaitable<std::optional<job_info>> get_job(std::string_view id) { return infra::queue::get_job(id); }

private:
    std::shared_ptr<const queue_options> options_;
};

// ---------------------------------------------------------------- cron

/// Plain or coroutine; taking nothing or job_context&. An overloaded function's name needs a lambda around it.
class cron_handler {
public:
    cron_handler() = default;

    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, cron_handler>)
    cron_handler(F function) {
        static_assert(std::is_invocable_v<F&> || std::is_invocable_v<F&, job_context&>,
                      "infra::queue: a cron handler takes () or (job_context&)");
        auto kept = std::make_shared<F>(std::move(function));
        if constexpr (std::is_invocable_v<F&, job_context&>)
            run_ = [kept](job_context& context) { return run<F, job_context&>(kept, context); };
        else
            run_ = [kept](job_context&) { return run<F>(kept); };
    }

    awaitable<void> operator()(job_context& context) const { return run_(context); }

private:
    template <class F, class... Args>
    static awaitable<void> run(std::shared_ptr<F> function, Args... args) {
        co_await infra::detail::call<F, Args...>(function, std::forward<Args>(args)...);
    }

    std::function<awaitable<void>(job_context&)> run_;
};

struct cron_definition {
    std::string name{};
    std::string pattern{};  ///< five fields, or six with seconds first
    std::string tz = "UTC"; ///< IANA name
    cron_handler handler{};
    int attempts = 1;
    infra::backoff backoff{};
    std::optional<std::chrono::milliseconds> timeout{};
    std::string queue = "default";
};

struct cron_job {
    std::string name{};
    std::string pattern{};
    std::string tz{};
    std::optional<std::chrono::system_clock::time_point> next_run{};
};

namespace detail {
inline std::map<std::string, cron_definition, std::less<>>& crons() {
    static std::map<std::string, cron_definition, std::less<>> all;
    return all;
}
} // namespace detail

inline void define_cron(cron_definition definition) {
    auto name = definition.name;
    detail::crons().insert_or_assign(std::move(name), std::move(definition));
}
inline std::optional<cron_job> get_cron_job(std::string_view name) {
    const auto found = detail::crons().find(name);
    if (found == detail::crons().end())
        return std::nullopt;
    return cron_job{found->second.name, found->second.pattern, found->second.tz, std::chrono::system_clock::now()};
}
inline std::vector<cron_job> get_cron_jobs() {
    std::vector<cron_job> all;
    for (const auto& each : detail::crons())
        all.push_back(*get_cron_job(each.first));
    return all;
}
inline void clear_cron_jobs() { detail::crons().clear(); }

// ---------------------------------------------------------------- worker

struct worker_options {
    std::size_t concurrency = 10; ///< ≥ 1 handlers at once
    string_list queues = "default";
    std::chrono::milliseconds lease{10'000}; ///< shorter: a dead worker's job runs sooner; longer: fewer renewals
    std::chrono::milliseconds drain_timeout{30'000}; ///< stop() waits so long for handlers, then cancels them
    infra::executor executor{};                      ///< of the handlers; empty: that of run()
};

/// Runs every defined job. Nothing happens before run(); when run() returns, nothing of it is left running.
///
/// Threads:  stop() from any thread; the rest on the executor of run().
/// Lifetime: a handle; copies are the same worker.
class worker {
public:
    explicit worker(worker_options options = {}) : options_(std::make_shared<worker_options>(std::move(options))) {
        if (options_->concurrency == 0)
            throw std::invalid_argument("queue::worker_options::concurrency must be at least 1");
    }

    [[nodiscard]] awaitable<void> run() { return run(options_); }
    void stop() noexcept {} ///< asks run() to end; returns at once; twice is once
    /// Asks, and waits until run() has ended or the deadline has cancelled what was left.
    [[nodiscard]] awaitable<void> stop(std::chrono::steady_clock::time_point) { co_return; }
    [[nodiscard]] awaitable<void> stop(std::chrono::milliseconds) { co_return; }

private:
    static awaitable<void> run(std::shared_ptr<worker_options>) {
        auto& state = detail::state();
        for (const auto& [name, cron] : std::map(detail::crons())) {
            job_context context("cron:" + name, name, 1, cron.attempts);
            co_await cron.handler(context);
        }
        while (!state.jobs.empty()) {
            const auto taken = std::move(state.jobs.front());
            state.jobs.pop_front();
            const auto handler = state.handlers.find(taken.name);
            if (handler == state.handlers.end()) {
                state.failures[taken.id] = "no handler is defined for " + taken.name;
                continue;
            }
            try {
                state.results[taken.id] = co_await handler->second(taken);
            } catch (const std::exception& thrown) {
                state.failures[taken.id] = thrown.what();
            }
        }
    }

    std::shared_ptr<worker_options> options_;
};

[[nodiscard]] inline worker create_queue_worker(worker_options options = {}) { return worker(std::move(options)); }

} // namespace infra::queue
