#include "range.hpp"

#include "history.hpp"

#include <infra/base/quantile.hpp>

#include <algorithm>
#include <functional>
#include <numeric>

namespace infra::dashboard {
namespace {

using monitoring::label_map;
using monitoring::metric_type;

double weight_of(const std::vector<std::optional<double>>& values) noexcept {
    double sum = 0;
    std::size_t known = 0;
    for (const auto& each : values)
        if (each) {
            sum += *each;
            ++known;
        }
    return known == 0 ? 0 : sum / static_cast<double>(known);
}

metric_line line_of(label_map labels, std::vector<std::optional<double>> values) {
    const auto weight = weight_of(values);
    return {.labels = std::move(labels), .values = std::move(values), .weight = weight};
}

std::vector<std::optional<double>> quantiles_of(const drawn_line& sums, const std::vector<double>& bounds, double q) {
    std::vector<std::optional<double>> out(sums.sums.size());
    for (std::size_t i = 0; i < sums.observed.size(); ++i)
        out[i] = quantile(bounds, sums.observed[i], q);
    return out;
}

double observed_in(const drawn_line& sums, std::size_t step) noexcept {
    if (sums.observed.empty())
        return 0;
    const auto& of = sums.observed[step];
    return static_cast<double>(std::accumulate(of.begin(), of.end(), std::uint64_t(0)));
}

// Of each step that is known.
template <class F>
std::vector<std::optional<double>> each_step(const drawn_line& sums, F value) {
    std::vector<std::optional<double>> out(sums.sums.size());
    for (std::size_t i = 0; i < out.size(); ++i)
        if (sums.known[i])
            out[i] = value(i);
    return out;
}

} // namespace

bool has_labels(const label_map& all, const label_map& wanted) {
    return std::ranges::all_of(wanted, [&](const auto& each) {
        const auto found = all.find(each.first);
        return found != all.end() && found->second == each.second;
    });
}

void add_gauge(drawn_line& to, const series_points& of, tick last, const time_window& w) {
    std::vector<std::optional<double>> changes(w.steps);
    std::optional<double> stands;
    of.each([&](const series_point& p) {
        if (const auto i = w.place(p.at))
            changes[*i] = p.value;
        else if (p.at <= w.from)
            stands = p.value;
    });
    for (std::size_t i = 0; i < w.steps && w.end(i) - w.step < last; ++i) {
        if (changes[i])
            stands = changes[i];
        if (!stands)
            continue;
        to.sums[i] += *stands;
        to.known[i] = true;
    }
}

void add_growth(drawn_line& to, const series_points& of, tick last, const time_window& w) {
    for (std::size_t i = 0; i < w.steps; ++i) // before its first look a series was zero
        to.known[i] = to.known[i] || (w.end(i) > 0 && w.end(i) - w.step < last);
    of.each([&](const series_point& p) {
        const auto i = w.place(p.at);
        if (!i)
            return;
        to.sums[*i] += p.value;
        if (p.observed.empty())
            return;
        to.observed.resize(w.steps);
        auto& sum = to.observed[*i];
        sum.resize(p.observed.size());
        std::ranges::transform(sum, p.observed, sum.begin(), std::plus());
    });
}

shown_as suitable(metric_type type, std::optional<shown_as> wanted) noexcept {
    if (type == metric_type::gauge)
        return shown_as::value;
    if (type == metric_type::counter)
        return shown_as::rate;
    return wanted.value_or(shown_as::value) == shown_as::value ? shown_as::quantiles : *wanted;
}

std::vector<metric_line> finished(const drawn_line& sums, const std::vector<double>& bounds, shown_as show,
                                  std::chrono::seconds step) {
    const auto seconds = static_cast<double>(step.count());
    const auto share = [&](double q) { return line_of(sums.labels, quantiles_of(sums, bounds, q)); };
    switch (show) {
    case shown_as::value: return {line_of(sums.labels, each_step(sums, [&](auto i) { return sums.sums[i]; }))};
    case shown_as::rate: {
        const bool is_histogram = !bounds.empty();
        return {line_of(sums.labels, each_step(sums, [&](auto i) {
                            return (is_histogram ? observed_in(sums, i) : sums.sums[i]) / seconds;
                        }))};
    }
    case shown_as::mean:
        return {line_of(sums.labels, each_step(sums, [&](auto i) -> std::optional<double> {
                            const auto n = observed_in(sums, i);
                            return n > 0 ? std::optional(sums.sums[i] / n) : std::nullopt;
                        }))};
    case shown_as::p50: return {share(0.5)};
    case shown_as::p90: return {share(0.9)};
    case shown_as::p95: return {share(0.95)};
    case shown_as::p99: return {share(0.99)};
    case shown_as::quantiles: {
        std::vector<metric_line> all{share(0.5), share(0.95), share(0.99)};
        constexpr const char* names[] = {"0.5", "0.95", "0.99"};
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i].labels["quantile"] = names[i];
        return all;
    }
    }
    return {};
}

void keep_heaviest(metric_range& of, std::size_t lines) {
    if (of.lines.size() <= lines)
        return;
    std::ranges::sort(of.lines, std::ranges::greater(), &metric_line::weight);
    of.more = of.lines.size() - lines;
    of.lines.resize(lines);
}

std::optional<metric_range> metric_history::range(const metric_query& q) const {
    const std::scoped_lock lock(mutex_);
    const auto found = families_.find(q.name);
    if (found == families_.end())
        return std::nullopt;
    const auto& f = found->second;
    const bool fine = q.back <= ticks_of_fine * interval;
    const tick step = fine ? 1 : coarse;
    const auto steps = std::clamp<tick>(q.back / (step * interval), 1, fine ? ticks_of_fine : ticks_of_coarse / coarse);
    const time_window w{
        .from = now_ / step * step - steps * step, .step = step, .steps = static_cast<std::size_t>(steps)};
    metric_range out{.type = f.type, .show = suitable(f.type, q.show), .step = step * interval};
    for (std::size_t i = 0; i < w.steps; ++i)
        out.times.push_back(time_of(w.end(i)));
    std::map<std::string, drawn_line> lines;
    for (const auto& [key, s] : f.all) {
        if (!has_labels(s.labels, q.where))
            continue;
        const auto label = s.labels.find(q.by);
        const auto name = q.by == "*" ? key : label == s.labels.end() ? std::string() : label->second;
        auto [line, fresh] = lines.try_emplace(name);
        if (fresh) {
            line->second.sums.resize(w.steps);
            line->second.known.resize(w.steps);
            line->second.labels = q.by == "*" ? s.labels : q.by.empty() ? label_map() : label_map{{q.by, name}};
        }
        const auto& points = fine ? s.fine.points : s.rough.points;
        f.type == metric_type::gauge ? add_gauge(line->second, points, s.last, w)
                                     : add_growth(line->second, points, s.last, w);
    }
    if (lines.empty())
        return std::nullopt;
    for (const auto& [name, line] : lines)
        std::ranges::move(finished(line, f.bounds, out.show, out.step), std::back_inserter(out.lines));
    keep_heaviest(out, q.max_lines);
    return out;
}

} // namespace infra::dashboard
