#include "record.hpp"

namespace infra::dashboard {
namespace {

constexpr std::size_t longest_path = 500;

constexpr telemetry::instrument actions_total{.kind = telemetry::instrument_kind::counter,
                                              .name = "dashboard_actions_total",
                                              .help = "What people did on the dashboard, by how it ended."};

void write(const done& d) {
    telemetry::log(level::info, "dashboard", "action",
                   {{"action", d.what},
                    {"who", d.by.who},
                    {"remote", d.by.address},
                    {"method", d.method},
                    {"path", d.path},
                    {"status", d.status},
                    {"outcome", outcome_of(d.status)},
                    {"duration_ms", d.took}});
}

} // namespace

std::string_view outcome_of(int status) noexcept { return status < 400 ? "done" : status < 500 ? "refused" : "failed"; }

json::object document_of(const done& d) {
    return {{"at", to_unix_ms(d.at)},
            {"who", d.by.who},
            {"address", d.by.address},
            {"what", d.what},
            {"method", d.method},
            {"path", d.path},
            {"status", d.status},
            {"outcome", outcome_of(d.status)},
            {"ms", std::chrono::duration<double, std::milli>(d.took).count()},
            {"trace", d.trace}};
}

void record::add(done d) {
    if (d.path.size() > longest_path)
        d.path = d.path.substr(0, longest_path) + "…";
    write(d);
    const std::scoped_lock lock(mutex_);
    count(d.what, outcome_of(d.status));
    if (most_ == 0)
        return;
    if (entries_.size() >= most_)
        entries_.pop_front();
    entries_.push_back({++last_, std::move(d)});
}

void record::count(const std::string& what, std::string_view outcome) {
    auto [found, fresh] = counted_.try_emplace({what, outcome});
    if (fresh)
        found->second = telemetry::series(actions_total, {{"action", what}, {"outcome", outcome}});
    found->second.add();
}

pieces record::before(std::uint64_t before, std::size_t limit) const {
    const std::scoped_lock lock(mutex_);
    pieces found;
    for (auto each = entries_.rbegin(); each != entries_.rend(); ++each) {
        if (before != 0 && each->id >= before)
            continue;
        if (found.items.size() == limit) {
            found.next = each->id + 1;
            break;
        }
        found.items.push_back(document_of(each->what));
    }
    return found;
}

reach record::how_far() const {
    const std::scoped_lock lock(mutex_);
    reach found{.entries = entries_.size()};
    if (!entries_.empty())
        found.since = entries_.front().what.at;
    return found;
}

} // namespace infra::dashboard
