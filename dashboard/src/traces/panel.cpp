#include "panel.hpp"

#include "../logs/log_search.hpp"
#include "../query.hpp"
#include "trace_answers.hpp"

#include <infra/otlp.hpp>
#include <infra/runtime/default_runtime.hpp>

namespace infra::dashboard {
namespace {

using namespace std::chrono_literals;
using trace_store_ptr = std::shared_ptr<trace_store>;

constexpr std::size_t most_open = 200; // spans of one trace

struct found_trace {
    kept_trace ended;
    std::vector<monitoring::span_record> open;

    std::vector<tree_span> tree(wall_time now) const { return tree_of(ended.spans, open, now); }
};

std::optional<found_trace> find_trace(const trace_store& kept, const monitoring::tracer& of, trace_id id) {
    auto ended = kept.find(id);
    auto open = of.open_spans(id, most_open);
    if (!ended && open.empty())
        return std::nullopt;
    return found_trace{ended ? std::move(*ended) : kept_trace(), std::move(open)};
}

trace_id asked_trace(const http::request& r) {
    const auto id = trace_id_of(r.param("trace"));
    if (!id)
        refuse("trace", "expected 32 hex digits");
    return *id;
}

http::response trace_gone() {
    return http::response::error(404, "gone",
                                 "no span of this trace is kept: it is older than what is, or it was not sampled");
}

awaitable<http::response> list_traces(trace_store_ptr kept, http::request r) {
    auto look = [kept, wanted = trace_filter_of(r), before = number_asked(r, "cursor", 0), limit = limit_asked(r, 50)] {
        return kept->list(wanted, before, limit);
    };
    const auto found = co_await default_blocking_pool().run(std::move(look));
    json::array items;
    for (const auto& each : found.traces)
        items.push_back(document_of(each));
    const auto now = kept->counts();
    co_return http::response::ok(
        json::object{{"items", std::move(items)},
                     {"next", found.next ? json::value(std::to_string(found.next)) : json::value()},
                     {"kept",
                      {{"traces", now.traces},
                       {"spans", now.spans},
                       {"bytes", now.bytes},
                       {"max_bytes", now.max_bytes},
                       {"since", now.since ? json::value(to_unix_ms(*now.since)) : json::value()}}}});
}

http::response names(const trace_store& kept) {
    constexpr std::size_t most = 100;
    json::array items;
    for (const auto& each : kept.names(most))
        items.push_back({{"name", each.name},
                         {"count", each.count},
                         {"failed", each.failed},
                         {"slowest", std::chrono::duration<double, std::milli>(each.slowest).count()}});
    return page_of(std::move(items), "");
}

awaitable<http::response> show_trace(trace_store_ptr kept, const monitoring::tracer* of, trace_id id, wall_time now) {
    auto look = [kept, of, id, now]() -> std::optional<json::object> {
        const auto found = find_trace(*kept, *of, id);
        if (!found)
            return std::nullopt;
        return trace_answer(found->tree(now), found->ended.summary.left_out);
    };
    const auto answer = co_await default_blocking_pool().run(std::move(look));
    co_return answer ? http::response::ok(*answer) : trace_gone();
}

http::response one_span(const trace_store& kept, const monitoring::tracer& of, const http::request& r, wall_time now) {
    constexpr std::size_t whole = 64 * 1024;
    const auto found = find_trace(kept, of, asked_trace(r));
    if (!found)
        return trace_gone();
    const auto spans = found->tree(now);
    const auto wanted = r.param("span");
    const auto is_it = [wanted](const tree_span& s) {
        const auto hex = to_hex(s.span->context.span);
        return std::string_view(hex.data(), hex.size()) == wanted;
    };
    const auto it = std::ranges::find_if(spans, is_it);
    if (it == spans.end())
        return trace_gone();
    const auto start = std::ranges::min(spans, {}, [](const tree_span& s) { return s.span->start; }).span->start;
    return http::response::ok(document_of(*it, start, whole));
}

http::response as_otlp(const trace_store& kept, trace_id id, const std::string& service) {
    const auto found = kept.find(id);
    if (!found)
        return trace_gone();
    auto answer =
        http::response::of(200, "application/json", otlp::traces_json(found->spans, {{"service.name", service}}));
    const auto hex = to_hex(id);
    answer.headers.set("Content-Disposition",
                       "attachment; filename=\"trace-" + std::string(hex.data(), hex.size()) + ".json\"");
    return answer;
}

json::array slowest(const trace_store& kept, std::size_t n, wall_time now) {
    json::array out;
    for (const auto& each : kept.slowest(n, now - 15min)) {
        const auto hex = to_hex(each.id);
        out.push_back({{"trace", std::string_view(hex.data(), hex.size())},
                       {"name", each.root->name},
                       {"ms", std::chrono::duration<double, std::milli>(each.took()).count()},
                       {"at", to_unix_ms(each.start)},
                       {"failed", each.failed}});
    }
    return out;
}

} // namespace

void add_traces_panel(board on, monitoring::tracer& of, std::string service) {
    const auto kept = std::make_shared<trace_store>(on.options().kept.trace_bytes, on.options().path);
    clock* const time = &on.time();
    of.add_sink(kept);
    on.page("traces");
    on.show("/traces", [kept](http::request r) { return list_traces(kept, std::move(r)); });
    on.show("/traces/names", [kept](http::request&) { return names(*kept); });
    on.show("/traces/{trace}",
            [kept, of = &of, time](http::request r) { return show_trace(kept, of, asked_trace(r), time->wall()); });
    on.show("/traces/{trace}/spans/{span}",
            [kept, of = &of, time](http::request& r) { return one_span(*kept, *of, r, time->wall()); });
    on.show("/traces/{trace}/otlp",
            [kept, service = std::move(service)](http::request& r) { return as_otlp(*kept, asked_trace(r), service); });
    on.live("traces", [kept]() -> awaitable<json::value> {
        const auto now = kept->counts();
        co_return json::object{{"traces", now.traces}, {"changes", now.changes}};
    });
    on.slowest([kept, time](std::size_t n) -> awaitable<json::array> { co_return slowest(*kept, n, time->wall()); });
    on.keeps("traces", [kept] {
        const auto now = kept->counts();
        return reach{.since = now.since, .entries = now.traces, .bytes = now.bytes, .max_bytes = now.max_bytes};
    });
}

} // namespace infra::dashboard
