#include <infra/email/memory.hpp>

#include <stdexcept>
#include <utility>

namespace infra::email {
namespace {

// What can be long. The rest is bounded by what a mail may have of it.
std::size_t size_in_memory(const mail& m) noexcept {
    auto size = sizeof m + m.subject.size() + m.html.size() + m.text.size();
    for (const auto& each : m.attachments)
        size += each.content.size();
    return size;
}

} // namespace

memory_transport::memory_transport(memory_options options) : options_(options) {
    if (options.max_mails < 1)
        throw std::invalid_argument("email::memory_options::max_mails must be at least 1");
    if (options.max_bytes < 1)
        throw std::invalid_argument("email::memory_options::max_bytes must be at least 1");
}

transport_traits memory_transport::traits() const noexcept {
    return {.keeps_keys = true, .schedules = true, .hosts_templates = true, .has_topics = true};
}

awaitable<std::vector<delivery>> memory_transport::deliver(std::vector<mail> mails, deadline) {
    std::vector<delivery> done;
    const std::scoped_lock lock(mutex_);
    for (auto& each : mails)
        done.push_back(accept(std::move(each)));
    co_return done;
}

delivery memory_transport::accept(mail m) {
    const auto [known, is_new] = ids_by_key_.try_emplace(key_of(m), m.id);
    if (!is_new)
        return {.id = known->second, .duplicate = true};
    bytes_ += size_in_memory(m);
    kept_.push_back(std::move(m));
    while (kept_.size() > options_.max_mails || (bytes_ > options_.max_bytes && kept_.size() > 1))
        forget_oldest();
    return {.id = kept_.back().id};
}

void memory_transport::forget_oldest() {
    bytes_ -= size_in_memory(kept_.front());
    ids_by_key_.erase(key_of(kept_.front()));
    kept_.pop_front();
}

std::vector<mail> memory_transport::sent() const {
    const std::scoped_lock lock(mutex_);
    return {kept_.begin(), kept_.end()};
}

void memory_transport::clear() {
    const std::scoped_lock lock(mutex_);
    kept_.clear();
    ids_by_key_.clear();
    bytes_ = 0;
}

} // namespace infra::email
