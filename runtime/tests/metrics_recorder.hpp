#pragma once

/// Listens to metrics while it lives. The table is the process's: one at a time.

#include <infra/base/telemetry.hpp>

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace infra {

class metrics_recorder {
public:
    metrics_recorder() {
        {
            const std::scoped_lock lock(book().mutex);
            book().values.clear();
            book().spans.clear();
        }
        telemetry::install(&table);
    }
    ~metrics_recorder() { telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr)); }
    metrics_recorder(const metrics_recorder&) = delete;
    metrics_recorder& operator=(const metrics_recorder&) = delete;

    /// Of `name{label=value,…}` what a gauge was set to last and a counter has come to, what a histogram was given. Empty:
    /// nobody has touched it.
    std::vector<double> values(const std::string& series) const {
        const std::scoped_lock lock(book().mutex);
        const auto found = book().values.find(series);
        return found == book().values.end() ? std::vector<double>{} : found->second;
    }

    /// The span that was active when the series was touched last.
    span_context touched_under(const std::string& series) const {
        const std::scoped_lock lock(book().mutex);
        return book().spans[series];
    }

private:
    struct series {
        std::string name;
        telemetry::instrument_kind kind;
        friend auto operator<=>(const series&, const series&) = default;
    };
    struct pages {
        std::mutex mutex;
        std::set<series> bound; // never emptied: pointers into it are valid for ever
        std::map<std::string, std::vector<double>> values;
        std::map<std::string, span_context> spans;
    };
    static pages& book() {
        static pages& all = *new pages; // pools and loops report until the process ends
        return all;
    }

    static void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
        std::string name(of.name);
        for (const auto& [key, value] : labels)
            name.append(&key == &labels.front().name ? "{" : ",").append(key).append("=").append(value);
        name += labels.empty() ? "" : "}";
        const std::scoped_lock lock(book().mutex);
        return const_cast<series*>(&*book().bound.insert({name, of.kind}).first);
    }
    static void add(void* to, double amount) noexcept {
        const std::scoped_lock lock(book().mutex);
        auto& all = book().values[static_cast<series*>(to)->name];
        all.resize(1);
        all[0] += amount;
        book().spans[static_cast<series*>(to)->name] = current_span();
    }
    static void record(void* to, double value) noexcept {
        const auto& s = *static_cast<series*>(to);
        const std::scoped_lock lock(book().mutex);
        auto& all = book().values[s.name];
        if (s.kind == telemetry::instrument_kind::gauge)
            all.clear();
        all.push_back(value);
        book().spans[s.name] = current_span();
    }

    static constexpr telemetry::meter_functions table{&bind, &add, &record};
};

} // namespace infra
