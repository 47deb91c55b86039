#include <infra/testing/captured_mail.hpp>

#include <algorithm>

namespace infra::testing {

awaitable<std::vector<email::delivery>> captured_mail::deliver(std::vector<email::mail> mails, deadline) {
    const std::scoped_lock lock(mutex_);
    std::vector<email::delivery> deliveries;
    for (auto& each : mails)
        deliveries.push_back(accept(std::move(each)));
    co_return deliveries;
}

email::delivery captured_mail::accept(email::mail each) {
    if (!failing_.empty()) {
        auto why = failing_.front();
        failing_.erase(failing_.begin());
        return {.failure = std::move(why)};
    }
    const auto first = std::ranges::find_if(
        sent_, [&](const email::mail& before) { return email::key_of(before) == email::key_of(each); });
    if (first != sent_.end())
        return {.id = first->id, .duplicate = true};
    sent_.push_back(std::move(each));
    return {.id = sent_.back().id};
}

email::transport_traits captured_mail::traits() const noexcept {
    return {.keeps_keys = true, .schedules = true, .hosts_templates = true, .has_topics = true};
}

std::vector<email::mail> captured_mail::sent() const {
    const std::scoped_lock lock(mutex_);
    return sent_;
}

void captured_mail::fail_next(email::send_error why) {
    const std::scoped_lock lock(mutex_);
    failing_.push_back(std::move(why));
}

void captured_mail::clear() {
    const std::scoped_lock lock(mutex_);
    sent_.clear();
    failing_.clear();
}

} // namespace infra::testing
