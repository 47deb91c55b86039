#include <infra/testing/captured_telemetry.hpp>

#include <infra/base/telemetry.hpp>

#include <mutex>
#include <utility>

namespace infra::testing {
namespace {

/// The tables are plain functions, so there is one for the process. Series outlive who listened: what is bound stays valid.
struct book {
    std::mutex mutex;
    std::string metrics; // guarded by mutex, as all below
    std::vector<std::string> lines;
    std::set<std::string> series;
    std::map<std::string, double> counts;
    std::map<std::string, telemetry::instrument_kind> kinds;
};
book& the_book() {
    static book all;
    return all;
}

std::string text_of(const field_value& v) {
    switch (v.type()) {
    case field_value::kind::boolean: return v.boolean() ? "true" : "false";
    case field_value::kind::unsigned_integer: return std::to_string(v.unsigned_integer());
    case field_value::kind::signed_integer: return std::to_string(v.signed_integer());
    case field_value::kind::floating: return std::to_string(v.floating());
    case field_value::kind::text: return std::string(v.text());
    case field_value::kind::duration: return std::to_string(static_cast<long long>(v.milliseconds()));
    default: return "?";
    }
}

std::string line_of(std::string_view what, std::span<const field> fields) {
    std::string line(what);
    for (const auto& [key, value] : fields)
        line.append(" ").append(key).append("=").append(text_of(value));
    return line;
}

void note(std::string line) {
    const std::scoped_lock lock(the_book().mutex);
    the_book().lines.push_back(std::move(line));
}

// --- Logs and metrics -------------------------------------------------------------------------------------------------

bool log_enabled(level, std::string_view) noexcept { return true; }
void log_write(const log_record& r) noexcept { note(line_of("log: " + std::string(r.message), r.fields)); }

void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
    auto& all = the_book();
    const std::scoped_lock lock(all.mutex);
    if (!of.name.starts_with(all.metrics))
        return nullptr;
    std::string name(of.name);
    for (const auto& [key, value] : labels)
        name.append(" ").append(key).append("=").append(value);
    all.series.insert(name);
    return &*all.kinds.try_emplace(std::move(name), of.kind).first;
}

using bound = std::pair<const std::string, telemetry::instrument_kind>;

void add(void* series, double amount) noexcept {
    const std::scoped_lock lock(the_book().mutex);
    the_book().counts[static_cast<bound*>(series)->first] += amount;
}

void record(void* series, double value) noexcept {
    const auto& [name, kind] = *static_cast<bound*>(series);
    const std::scoped_lock lock(the_book().mutex);
    auto& held = the_book().counts[name];
    held = kind == telemetry::instrument_kind::gauge ? value : held + 1;
}

// --- Spans ------------------------------------------------------------------------------------------------------------

bool sample(trace_id, const span_context&, std::string_view, span_kind) noexcept { return true; }
void* start(std::string_view name, span_kind, const span_context&, span_id, wall_time) noexcept {
    note("span: " + std::string(name));
    return &the_book();
}
void set(void*, std::span<const field> fields) noexcept { note(line_of("set:", fields)); }
void event(void*, std::string_view name, std::span<const field> fields, wall_time) noexcept {
    note(line_of("event: " + std::string(name), fields));
}
void status(void*, span_status, std::string_view why) noexcept { note("failed: " + std::string(why)); }
void rename(void*, std::string_view name) noexcept { note("renamed: " + std::string(name)); }
void end(void*, wall_time) noexcept { note("end"); }

constexpr telemetry::log_functions logs{&log_enabled, &log_write};
constexpr telemetry::meter_functions meter{&bind, &add, &record};
constexpr telemetry::tracer_functions tracer{&sample, &start, &set, &event, &status, &rename, &end};

} // namespace

captured_telemetry::captured_telemetry(std::string_view metrics) {
    {
        auto& all = the_book();
        const std::scoped_lock lock(all.mutex);
        all.metrics = metrics;
        all.lines.clear();
        all.series.clear();
        all.counts.clear();
    }
    telemetry::install(&logs);
    telemetry::install(&meter);
    telemetry::install(&tracer);
}

captured_telemetry::~captured_telemetry() {
    telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
    telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
    telemetry::install(static_cast<const telemetry::tracer_functions*>(nullptr));
}

std::vector<std::string> captured_telemetry::lines() const {
    const std::scoped_lock lock(the_book().mutex);
    return the_book().lines;
}

void captured_telemetry::clear_lines() {
    const std::scoped_lock lock(the_book().mutex);
    the_book().lines.clear();
}

std::map<std::string, double> captured_telemetry::counts() const {
    const std::scoped_lock lock(the_book().mutex);
    return the_book().counts;
}

double captured_telemetry::counted(const std::string& series) const {
    const std::scoped_lock lock(the_book().mutex);
    const auto found = the_book().counts.find(series);
    return found == the_book().counts.end() ? 0 : found->second;
}

std::set<std::string> captured_telemetry::series() const {
    const std::scoped_lock lock(the_book().mutex);
    return the_book().series;
}

std::string captured_telemetry::everything() const {
    std::string all;
    for (const auto& each : lines())
        all.append(each).append("\n");
    for (const auto& each : series())
        all.append(each).append("\n");
    return all;
}

} // namespace infra::testing
