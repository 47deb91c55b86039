#pragma once

/// Listens to metrics and spans while it lives, and keeps them as text.

#include <infra/base/telemetry.hpp>

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace infra::http {

class telemetry_recorder {
public:
    struct recorded_span {
        std::string name;
        span_kind kind{};
        span_context self;
        span_id parent;
        std::map<std::string, std::string> attributes;
        span_status status = span_status::unset;
        std::string description;
        bool ended = false;
    };

    telemetry_recorder() {
        book() = {};
        telemetry::install(&meter);
        telemetry::install(&tracer);
    }
    ~telemetry_recorder() {
        telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
        telemetry::install(static_cast<const telemetry::tracer_functions*>(nullptr));
    }

    /// By `name{label=value,…}`, how often it was touched.
    std::map<std::string, int> touched() const { return book().touched; }
    const std::deque<recorded_span>& spans() const { return book().spans; }

private:
    struct pages {
        std::set<std::string> names;
        std::map<std::string, int> touched;
        std::deque<recorded_span> spans;
    };
    static pages& book() {
        static pages all;
        return all;
    }

    static void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
        std::string name(of.name);
        name += '{';
        for (const auto& [key, value] : labels)
            name.append(key).append("=").append(value).append(",");
        name.back() = '}';
        return const_cast<std::string*>(&*book().names.insert(name).first);
    }
    static void touch(void* series, double) noexcept { ++book().touched[*static_cast<std::string*>(series)]; }

    static bool sample(trace_id, const span_context&, std::string_view, span_kind) noexcept { return true; }
    static void* start(std::string_view name, span_kind kind, const span_context& self, span_id parent,
                       wall_time) noexcept {
        recorded_span s;
        s.name = name;
        s.kind = kind;
        s.self = self;
        s.parent = parent;
        return &book().spans.emplace_back(std::move(s));
    }
    static std::string text(const field_value& v) {
        switch (v.type()) {
        case field_value::kind::signed_integer: return std::to_string(v.signed_integer());
        case field_value::kind::unsigned_integer: return std::to_string(v.unsigned_integer());
        default: return std::string(v.text());
        }
    }
    static void set(void* s, std::span<const field> fields) noexcept {
        for (const auto& [key, value] : fields)
            static_cast<recorded_span*>(s)->attributes[std::string(key)] = text(value);
    }
    static void event(void*, std::string_view, std::span<const field>, wall_time) noexcept {}
    static void status(void* s, span_status status, std::string_view description) noexcept {
        static_cast<recorded_span*>(s)->status = status;
        static_cast<recorded_span*>(s)->description = description;
    }
    static void rename(void* s, std::string_view name) noexcept { static_cast<recorded_span*>(s)->name = name; }
    static void end(void* s, wall_time) noexcept { static_cast<recorded_span*>(s)->ended = true; }

    static constexpr telemetry::meter_functions meter{&bind, &touch, &touch};
    static constexpr telemetry::tracer_functions tracer{&sample, &start, &set, &event, &status, &rename, &end};
};

} // namespace infra::http
