#include "trends.hpp"

#include <algorithm>

namespace infra::dashboard {

void trends::add(const std::vector<figure>& all) {
    const std::scoped_lock lock(mutex_);
    for (const auto& each : all)
        if (points_.size() < most_figures)
            points_.try_emplace(each.name);
    for (auto& [name, points] : points_) {
        const auto found = std::ranges::find(all, name, &figure::name);
        points.push_back(found == all.end() ? std::nullopt : found->value);
        if (points.size() > most_points)
            points.pop_front();
    }
}

json::array trends::of(const std::string& name, std::chrono::seconds back) const {
    const std::scoped_lock lock(mutex_);
    json::array shown;
    const auto found = points_.find(name);
    if (found == points_.end())
        return shown;
    const auto& points = found->second;
    const auto wanted = std::min(points.size(), static_cast<std::size_t>(std::max<std::int64_t>(back / between, 1)));
    const auto step = (wanted + most_shown - 1) / most_shown;
    if (step == 0)
        return shown;
    for (auto left = wanted; left > 0; left -= std::min(left, step)) {
        const auto& point = points[points.size() - left + std::min(left, step) - 1];
        shown.push_back(point ? json::value(*point) : json::value());
    }
    return shown;
}

} // namespace infra::dashboard
