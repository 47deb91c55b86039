#include <infra/queue/registry.hpp>

#include <set>

namespace infra::queue {
namespace detail {

error misfit_error(std::string_view job, const json::failure& why) {
    return {errc::invalid_payload,
            std::string("the payload does not fit the job \"").append(job).append("\": ").append(to_string(why))};
}

json::limits limits_of_stored(std::string_view text) noexcept {
    return {.max_bytes = text.size(), .max_depth = max_payload_depth};
}

} // namespace detail

void registry::add(known_job known) {
    check_name("job_definition::name", known.name);
    check_name("job_definition::queue", known.queue);
    check(known.options, "job_definition");
    if (known.when)
        check(*known.when);
    const std::scoped_lock lock(mutex_);
    const auto [place, added] = jobs_.emplace(known.name, nullptr);
    if (!added)
        throw std::invalid_argument("queue::define_job: \"" + known.name + "\" is defined already");
    place->second = std::make_shared<const known_job>(std::move(known));
    ++revision_;
}

void registry::define_cron(cron_definition d) {
    if (!d.handler)
        throw std::invalid_argument("queue::cron_definition::handler is needed");
    schedule when{.pattern = std::move(d.pattern),
                  .tz = std::move(d.tz),
                  .every = d.every,
                  .offset = d.offset,
                  .immediately = d.immediately,
                  .limit = d.limit,
                  .start = d.start,
                  .end = d.end,
                  .missed = d.missed};
    define<no_data>({.name = std::move(d.name),
                     .handler = std::move(d.handler),
                     .attempts = d.attempts,
                     .backoff = d.backoff,
                     .timeout = d.timeout,
                     .queue = std::move(d.queue),
                     .keep_completed = d.keep_completed,
                     .keep_failed = d.keep_failed},
                    std::move(when));
}

std::shared_ptr<const known_job> registry::find(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = jobs_.find(name);
    return found == jobs_.end() ? nullptr : found->second;
}

void registry::define_others(passer run) {
    if (!run)
        throw std::invalid_argument("queue::registry::define_others needs a function");
    auto any = std::make_shared<known_job>();
    any->perform = [run = std::move(run)](std::string data, std::shared_ptr<job_context> context, blocking_pool&) {
        return run(std::move(data), std::move(context));
    };
    const std::scoped_lock lock(mutex_);
    if (others_)
        throw std::invalid_argument("queue::registry::define_others was called already");
    others_ = std::move(any);
    ++revision_;
}

std::shared_ptr<const known_job> registry::runner_of(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = jobs_.find(name);
    return found != jobs_.end() && found->second->perform ? found->second : others_;
}

std::vector<std::string> registry::queues() const {
    const std::scoped_lock lock(mutex_);
    std::set<std::string> names;
    for (const auto& [name, known] : jobs_)
        if (known->perform)
            names.insert(known->queue);
    return {names.begin(), names.end()};
}

std::vector<std::shared_ptr<const known_job>> registry::all() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::shared_ptr<const known_job>> known;
    known.reserve(jobs_.size());
    for (const auto& [name, each] : jobs_)
        known.push_back(each);
    return known;
}

std::size_t registry::clear_cron_jobs() {
    const std::scoped_lock lock(mutex_);
    ++revision_;
    return std::erase_if(jobs_, [](const auto& each) { return each.second->when.has_value(); });
}

bool registry::remove_cron_job(std::string_view name) {
    const std::scoped_lock lock(mutex_);
    const auto found = jobs_.find(name);
    if (found == jobs_.end() || !found->second->when)
        return false;
    jobs_.erase(found);
    ++revision_;
    return true;
}

void registry::clear() {
    const std::scoped_lock lock(mutex_);
    jobs_.clear();
    others_.reset();
    ++revision_;
}

std::uint64_t registry::revision() const {
    const std::scoped_lock lock(mutex_);
    return revision_;
}

} // namespace infra::queue
