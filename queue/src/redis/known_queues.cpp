#include "known_queues.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr std::chrono::minutes between_looks{1};
constexpr std::chrono::seconds settings_last{1};
constexpr int most_of_the_time = 50; // a look may take a fiftieth of it

} // namespace

std::vector<std::string> known_queues::not_noted(const std::vector<std::string>& queues) const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> missing;
    for (const auto& each : queues)
        if (!noted_.contains(each) && std::ranges::find(missing, each) == missing.end())
            missing.push_back(each);
    return missing;
}

void known_queues::noted(const std::vector<std::string>& queues) {
    const std::scoped_lock lock(mutex_);
    noted_.insert(queues.begin(), queues.end());
}

void known_queues::forget(std::string_view queue) {
    const std::scoped_lock lock(mutex_);
    for (auto* each : {&noted_, &found_})
        if (const auto place = each->find(queue); place != each->end())
            each->erase(place);
    if (const auto place = plain_again_.find(queue); place != plain_again_.end())
        plain_again_.erase(place);
}

bool known_queues::takes_plain(std::string_view queue, steady_time now) const {
    const std::scoped_lock lock(mutex_);
    const auto again = plain_again_.find(queue);
    return again == plain_again_.end() || now >= again->second;
}

void known_queues::takes_more(const std::string& queue, steady_time now) {
    const std::scoped_lock lock(mutex_);
    plain_again_[queue] = now + settings_last;
}

std::optional<queue_names> known_queues::found(steady_time now) const {
    const std::scoped_lock lock(mutex_);
    if (!look_again_ || now >= *look_again_)
        return std::nullopt;
    return found_;
}

void known_queues::found(queue_names queues, steady_time now, steady_time::duration took) {
    const std::scoped_lock lock(mutex_);
    found_ = std::move(queues);
    look_again_ = now + std::max<steady_time::duration>(between_looks, took * most_of_the_time);
}

std::optional<std::string> queue_of_settings(std::string_view prefix, std::string_view key) {
    constexpr std::string_view settings = ":meta";
    if (!key.starts_with(prefix) || !key.ends_with(settings) || key.size() < prefix.size() + 1 + settings.size())
        return std::nullopt;
    const auto queue = key.substr(prefix.size() + 1, key.size() - prefix.size() - 1 - settings.size());
    if (key[prefix.size()] != ':' || queue.empty() || queue.find(':') != queue.npos)
        return std::nullopt; // a job may be called `meta`
    return std::string(queue);
}

std::string pattern_of(std::string_view literally) {
    std::string pattern;
    for (const char c : literally) {
        if (std::string_view(R"(*?[]\)").find(c) != std::string_view::npos)
            pattern += '\\';
        pattern += c;
    }
    return pattern;
}

} // namespace infra::queue::redis_backend
