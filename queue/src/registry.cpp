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
    const std::scoped_lock lock(mutex_);
    const auto [place, added] = jobs_.emplace(known.name, nullptr);
    if (!added)
        throw std::invalid_argument("queue::define_job: \"" + known.name + "\" is defined already");
    place->second = std::make_shared<const known_job>(std::move(known));
}

std::shared_ptr<const known_job> registry::find(std::string_view name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = jobs_.find(name);
    return found == jobs_.end() ? nullptr : found->second;
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

void registry::clear() {
    const std::scoped_lock lock(mutex_);
    jobs_.clear();
}

} // namespace infra::queue
