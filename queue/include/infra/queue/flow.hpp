#pragma once

/// Jobs that wait for others: trees, chains and batches, added as one.
///
///     co_await enqueue_flow(flow(bind, {.album = 7})                              // runs once both are done
///                               .child(flow(resize, {.photo = 1}))
///                               .child(flow(resize, {.photo = 2}, {.attempts = 3}), child_failure::ignore));
///     co_await enqueue_flow(chain(flow(download, {.url = url}), flow(unpack), flow(index)));
///     co_await enqueue_flow(batch({flow(send, ann), flow(send, bob)}).on_complete(report, {.campaign = 7}));
///
/// The handler of a job with children reads what became of them:
///
///     awaitable<book> bind(album, job_context& c) { co_return bound(co_await c.children_values<page>()); }
///     awaitable<void> index(no_data, job_context& c) { add(co_await c.previous<std::string>()); }    // in a chain
///     awaitable<void> report(campaign, job_context& c) { tell((co_await c.count_children()).failed); }
///
/// A job may also add children while it runs, and wait for them; it runs again when they are done:
///
///     awaitable<verdict> crawl(site s, job_context& c) {
///         if ((co_await c.count_children()).total() == 0) {
///             co_await enqueue_children(c, {flow(fetch, {.url = s.front}), flow(fetch, {.url = s.map})});
///             co_return verdict::wait_for_children();
///         }
///         co_return verdict::completed(merged(co_await c.children_values<page>()));
///     }

#include <infra/queue/queue.hpp>

#include <initializer_list>
#include <utility>
#include <vector>

namespace infra::queue {

/// Jobs that one flow may add.
inline constexpr std::size_t max_flow_jobs = max_family;

namespace detail {

struct flow_job {
    std::optional<std::string> queue{}; // of its definition; unset: by name
    job_options defaults{};
    to_add job{};
    enqueue_options options{};
    std::size_t parent = 0; // where it stands in the flow; of the first one, nothing
    child_failure on_failure = child_failure::fail_parent;
};

} // namespace detail

/// A job and those it waits for, in a tree of any depth.
///
/// Threads:  a value.
/// Errors:   std::invalid_argument for more than max_flow_jobs, and where one is used that was moved from.
class flow {
public:
    /// A job without children. What `options` says holds for it alone; `wait_for_room` is the first job's to say.
    template <class T>
    explicit flow(const job<T>& to, const std::type_identity_t<T>& data = {}, enqueue_options options = {})
        : flow({.queue = to.queue(),
                .defaults = detail::options_of(to.definition()),
                .job = {to.name(), json::to_text(data)},
                .options = std::move(options)}) {}
    /// The same by name, see queue::enqueue.
    template <class T = json::value>
    explicit flow(std::string_view name, const T& data, enqueue_options options = {})
        : flow(by_name(name, json::to_value(data), std::move(options))) {}

    /// Is to be done, with all that it waits for, before this one runs.
    flow& child(flow one, child_failure on_failure = child_failure::fail_parent) &;
    flow&& child(flow one, child_failure on_failure = child_failure::fail_parent) && {
        return std::move(child(std::move(one), on_failure));
    }
    flow& children(std::vector<flow> all, child_failure on_failure = child_failure::fail_parent) &;
    flow&& children(std::vector<flow> all, child_failure on_failure = child_failure::fail_parent) && {
        return std::move(children(std::move(all), on_failure));
    }

    std::size_t size() const noexcept { return jobs_.size(); } ///< jobs, itself included

private:
    friend class queue;
    friend class sqlite_transaction;
    friend flow chain(std::vector<flow> steps);
    explicit flow(detail::flow_job one) { jobs_.push_back(std::move(one)); }
    static detail::flow_job by_name(std::string_view name, json::value data, enqueue_options options);
    static flow linked(std::vector<flow> steps);
    const detail::flow_job& first() const;
    detail::flow_job& first() { return const_cast<detail::flow_job&>(std::as_const(*this).first()); }
    void wait_for_no_room() { first().options.wait_for_room.reset(); }

    std::vector<detail::flow_job> jobs_; // each parent before its children
};

/// One after the other: each runs once the one before has completed, and reads what that returned with
/// job_context::previous. One that fails for good fails those that follow. Only the first may have children of its own.
flow chain(std::vector<flow> steps);
template <class... Steps>
    requires(std::same_as<std::remove_cvref_t<Steps>, flow> && ...)
flow chain(flow first, Steps&&... others) {
    std::vector<flow> steps;
    steps.push_back(std::move(first));
    (steps.push_back(std::forward<Steps>(others)), ...);
    return chain(std::move(steps));
}

/// Many jobs, and one that runs when all of them have ended, in whatever way: job_context::count_children tells how many
/// failed. With another policy than child_failure::ignore a failure has it run at once, or not at all.
class batch {
public:
    explicit batch(std::vector<flow> jobs, child_failure on_failure = child_failure::ignore)
        : jobs_(std::move(jobs)), on_failure_(on_failure) {}

    template <class T>
    flow on_complete(const job<T>& to, const std::type_identity_t<T>& data = {}, enqueue_options options = {}) && {
        return flow(to, data, std::move(options)).children(std::move(jobs_), on_failure_);
    }
    template <class T = json::value>
    flow on_complete(std::string_view name, const T& data, enqueue_options options = {}) && {
        return flow(name, data, std::move(options)).children(std::move(jobs_), on_failure_);
    }

private:
    std::vector<flow> jobs_;
    child_failure on_failure_;
};

} // namespace infra::queue
