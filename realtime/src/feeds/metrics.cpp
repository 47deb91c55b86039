#include "metrics.hpp"

#include "speaker.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace infra::realtime {
namespace feeds {
namespace {

using monitoring::metric_type;

json::object point_of(const monitoring::metric_point& p, metric_type type) {
    json::object out;
    if (!p.labels.empty()) {
        auto& labels = out["labels"].emplace_object();
        for (const auto& [name, value] : p.labels)
            labels[name] = value;
    }
    if (type == metric_type::histogram) {
        out["count"] = p.distribution.count;
        out["sum"] = p.distribution.sum;
    } else {
        out["value"] = p.value;
    }
    return out;
}

awaitable<void> follow_metrics(speaker says, std::string channel, metric_feed_options options,
                               const monitoring::metrics* of) {
    json::object said;
    for (bool is_first = true;; is_first = false) {
        auto found = metrics_data(of->collect(), options);
        if (is_first || found != said) {
            said = found;
            found["at"] = text_of(options.time->wall());
            says.say(channel, {.type = "metrics", .data = std::move(found)});
        }
        co_await options.time->sleep_for(options.every);
    }
}

} // namespace

bool is_wanted(std::string_view name, const std::vector<std::string>& names) noexcept {
    return names.empty() || std::ranges::any_of(names, [name](std::string_view each) {
               return each.ends_with('*') ? name.starts_with(each.substr(0, each.size() - 1)) : name == each;
           });
}

json::object metrics_data(const std::vector<monitoring::metric_family>& all, const metric_feed_options& options) {
    json::object metrics;
    std::size_t series = 0, left_out = 0;
    for (const auto& family : all) {
        if (!is_wanted(family.name, options.names))
            continue;
        const auto fit = std::min(family.points.size(), options.max_series - series);
        left_out += family.points.size() - fit;
        series += fit;
        if (fit == 0)
            continue;
        auto& points = metrics[family.name].emplace_array();
        for (std::size_t i = 0; i < fit; ++i)
            points.push_back(point_of(family.points[i], family.type));
    }
    json::object data{{"metrics", std::move(metrics)}};
    if (left_out > 0)
        data["left_out"] = left_out;
    return data;
}

} // namespace feeds

awaitable<void> publish_metrics(hub to, std::string channel, metric_feed_options options, monitoring::metrics& of) {
    if (options.every < std::chrono::milliseconds(10))
        throw std::invalid_argument("metric_feed_options::every must be at least 10 ms");
    if (options.max_series == 0)
        throw std::invalid_argument("metric_feed_options::max_series must be at least 1");
    feeds::speaker says(std::move(to), "metrics", channel);
    return feeds::follow_metrics(std::move(says), std::move(channel), std::move(options), &of);
}

} // namespace infra::realtime
