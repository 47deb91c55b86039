#include "top_figures.hpp"

#include "cache.hpp"
#include "cell_text.hpp"
#include "storage_verbs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace infra::cli::top {
namespace {

constexpr double too_late_seconds = 0.1; // of a loop
constexpr double too_old_seconds = 60;   // of a job that waits
constexpr double nearly_all = 0.9;

std::string printed(const char* format, double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), format, value);
    return text.data();
}

// Three digits that count, and no ".0".
std::string shortened(double n) {
    if (n >= 100 || n == std::floor(n))
        return printed("%.0f", n);
    return n >= 0.95 ? printed("%.1f", n) : n >= 0.05 ? printed("%.2g", n) : "<0.1";
}

std::string scaled(double n) {
    if (n < 9'999.5)
        return shortened(n);
    return n < 999'950       ? printed("%.1fk", n / 1e3)
           : n < 999'950'000 ? printed("%.1fM", n / 1e6)
                             : printed("%.1fG", n / 1e9);
}

std::string milliseconds_text(double ms) { return (ms >= 9.95 ? printed("%.0f", ms) : printed("%.1f", ms)) + "ms"; }

mood if_any(std::optional<double> n, mood how) { return n.value_or(0) > 0 ? how : mood::plain; }
mood if_above(std::optional<double> n, double limit, mood how) { return n.value_or(0) > limit ? how : mood::plain; }

std::optional<double> share(std::optional<double> of, std::optional<double> all) {
    return of && all && *all > 0 ? std::optional(*of / *all) : std::nullopt;
}

std::string channels_text(const reading& now) {
    return now.channels ? std::to_string(*now.channels) + (now.more_channels ? "+" : "") : std::string(unknown_text);
}

std::vector<figure> http_figures(const figures& f) {
    return {{"Requests", rate_text(f.rate(counted::requests)), mood::plain, trend::requests},
            {"Errors 5xx", rate_text(f.rate(counted::server_errors)), if_any(f.rate(counted::server_errors), mood::bad),
             trend::errors},
            {"Errors 4xx", rate_text(f.rate(counted::client_errors))},
            {"Answer p50", duration_text(f.durations.p50)},
            {"Answer p95", duration_text(f.durations.p95), mood::plain, trend::p95},
            {"Answer p99", duration_text(f.durations.p99)}};
}

std::vector<figure> job_figures(const picture& p) {
    const auto& f = p.figures;
    const auto failed = p.sum(&queue_reading::failed);
    return {
        {"Jobs waiting", count_text(p.waiting()), mood::plain, trend::waiting},
        {"Oldest job", duration_text(p.oldest_seconds()), if_above(p.oldest_seconds(), too_old_seconds, mood::doubt)},
        {"Active", count_text(p.sum(&queue_reading::active))},
        {"Delayed", count_text(p.sum(&queue_reading::delayed))},
        {"Failed", count_text(failed), if_any(failed, mood::doubt)},
        {"Finished", rate_text(f.rate(counted::jobs_finished)), mood::plain, trend::finished},
        {"Failing", rate_text(f.rate(counted::jobs_failed)), if_any(f.rate(counted::jobs_failed), mood::bad)}};
}

std::vector<figure> module_figures(const picture& p) {
    const auto& f = p.figures;
    return {{"Mail sent", rate_text(f.rate(counted::mails_sent)), mood::plain, trend::mails},
            {"Mail failed", rate_text(f.rate(counted::mails_failed)), if_any(f.rate(counted::mails_failed), mood::bad)},
            {"Sockets", count_text(p.last->gauge(measured::sockets).value_or(0))},
            {"Channels", channels_text(*p.last)},
            {"Deliveries", rate_text(f.rate(counted::deliveries)), mood::plain, trend::deliveries},
            {"Dropped", rate_text(f.rate(counted::dropped)), if_any(f.rate(counted::dropped), mood::bad)},
            {"Cache hits", percent_text(f.hit_rate)},
            {"Storage", rate_text(f.rate(counted::storage_calls)), mood::plain, trend::storage}};
}

std::vector<figure> process_figures(const picture& p) {
    const auto& f = p.figures;
    const auto files = p.last->gauge(measured::open_files);
    const auto most = p.last->gauge(measured::most_files);
    return {
        {"Memory", size_text(p.last->gauge(measured::resident_bytes)), mood::plain, trend::memory},
        {"CPU", percent_text(f.rate(counted::cpu_seconds)), mood::plain, trend::cpu},
        {"Files", count_text(files) + (most ? " of " + count_text(most) : ""),
         if_above(share(files, most), nearly_all, mood::bad)},
        {"Loop lag p99", duration_text(f.lag.p99), if_above(f.lag.p99, too_late_seconds, mood::doubt), trend::lag},
        {"Log lines", rate_text(f.rate(counted::log_lines))},
        {"Log warnings", rate_text(f.rate(counted::log_warnings)), if_any(f.rate(counted::log_warnings), mood::doubt)},
        {"Log errors", rate_text(f.rate(counted::log_errors)), if_any(f.rate(counted::log_errors), mood::bad)}};
}

std::string causes(const reading& now) {
    std::string text;
    for (const auto& each : now.checks)
        if (each.status != "healthy")
            text += (text.empty() ? "" : " · ") + one_line(each.name) + " is " + one_line(each.status) +
                    (each.message.empty() ? "" : ": " + one_line(each.message));
    return text;
}

std::string told(change what) {
    return what == change::restarted ? "the service has restarted"
                                     : "another process answers than before; does the address lead to several?";
}

} // namespace

std::string count_text(std::optional<double> n) { return n ? scaled(*n) : std::string(unknown_text); }

std::string rate_text(std::optional<double> per_second) {
    return per_second ? scaled(*per_second) + "/s" : std::string(unknown_text);
}

std::string duration_text(std::optional<double> seconds) {
    if (!seconds)
        return std::string(unknown_text);
    if (*seconds == 0)
        return "0s";
    if (*seconds < 0.9995)
        return milliseconds_text(*seconds * 1e3);
    if (*seconds < 59.95)
        return shortened(*seconds) + "s";
    return shown_ttl(std::chrono::seconds(std::llround(std::min(*seconds, 1e12))));
}

std::string percent_text(std::optional<double> share) {
    if (!share)
        return std::string(unknown_text);
    const double percent = *share * 100;
    return (percent >= 9.95 || percent == 0 ? printed("%.0f", percent) : printed("%.1f", percent)) + "%";
}

std::string size_text(std::optional<double> bytes) {
    return bytes ? shown_size(static_cast<std::uint64_t>(std::clamp(*bytes, 0.0, 1e18))) : std::string(unknown_text);
}

std::string curve_text(const std::vector<std::optional<double>>& cells, std::size_t width) {
    constexpr std::array<std::string_view, 8> steps{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const std::size_t shown = std::min(cells.size(), width);
    double highest = 0;
    for (const auto& each : cells)
        highest = std::max(highest, each.value_or(0));
    std::string text(width - shown, ' ');
    for (std::size_t i = cells.size() - shown; i < cells.size(); ++i) {
        const double part = highest > 0 ? std::clamp(cells[i].value_or(0) / highest, 0.0, 1.0) : 0;
        text += cells[i] ? steps[static_cast<std::size_t>(std::lround(part * 7))] : " ";
    }
    return text;
}

std::vector<figure> figures_of(const picture& shown) {
    if (!shown.last)
        return {};
    auto all = http_figures(shown.figures);
    for (auto&& more : {job_figures(shown), module_figures(shown), process_figures(shown)})
        all.insert(all.end(), more.begin(), more.end());
    return all;
}

std::optional<remark> remark_on(const picture& shown, steady_time now) {
    if (shown.down)
        return remark{"no answer for " +
                          duration_text(std::round(std::chrono::duration<double>(now - shown.down->since).count())) +
                          ", asked again: " + one_line(shown.down->reason),
                      mood::bad};
    if (!shown.last)
        return std::nullopt;
    auto why = causes(*shown.last);
    if (shown.changed != change::none)
        return remark{told(shown.changed) + (why.empty() ? "" : " · " + why), mood::doubt};
    if (!why.empty())
        return remark{std::move(why), shown.last->status == "unhealthy" ? mood::bad : mood::doubt};
    if (!shown.last->note.empty())
        return remark{one_line(shown.last->note)};
    return std::nullopt;
}

std::string state_of(const picture& shown) {
    if (shown.down)
        return "down";
    return shown.last && !shown.last->status.empty() ? one_line(shown.last->status) : "unknown";
}

std::string name_of(const picture& shown) {
    if (!shown.last)
        return "";
    auto name = one_line(shown.last->service);
    if (!shown.last->version.empty())
        name += (name.empty() ? "" : " ") + one_line(shown.last->version);
    if (!shown.last->infra_version.empty())
        name += std::string(name.empty() ? "" : " ") + "(infra " + one_line(shown.last->infra_version) + ")";
    return name;
}

} // namespace infra::cli::top
