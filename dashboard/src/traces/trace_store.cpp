#include "trace_store.hpp"

#include "../texts.hpp"

#include <algorithm>
#include <functional>

namespace infra::dashboard {
namespace {

using monitoring::span_record;

std::size_t bytes_of(const json::object& attributes) noexcept {
    std::size_t sum = attributes.capacity() * sizeof(json::object::value_type);
    for (const auto& each : attributes) {
        sum += each.key().size();
        if (const auto* text = each.value().if_string())
            sum += text->capacity();
        else if (each.value().is_structured())
            sum += 256; // about: they are rare
    }
    return sum;
}

std::string_view text_attribute(const json::object& attributes, std::string_view key) noexcept {
    const auto* found = attributes.if_contains(key);
    return found && found->is_string() ? std::string_view(found->get_string()) : std::string_view();
}

bool is_probe(const span_record& root) noexcept {
    const auto path = text_attribute(root.attributes, "url.path");
    return path == "/health" || path == "/ready" || path == "/live" || path == "/metrics";
}

// Whose trace it is: who has no parent, then whose parent is elsewhere, then who began first.
bool is_root_before(const span_record& a, const span_record& b) noexcept {
    const auto rank = [](const span_record& s) { return !s.parent ? 0 : s.parent_remote ? 1 : 2; };
    return std::pair(rank(a), a.start) < std::pair(rank(b), b.start);
}

} // namespace

std::size_t bytes_of(const span_record& span) noexcept {
    auto sum = sizeof(span_record) + 128 + span.name.capacity() + span.trace_state.capacity() +
               span.status_description.capacity() + bytes_of(span.attributes);
    for (const auto& each : span.events)
        sum += sizeof each + each.name.capacity() + bytes_of(each.attributes);
    for (const auto& each : span.links)
        sum += sizeof each + bytes_of(each.attributes);
    return sum;
}

bool matches(const trace_summary& trace, const trace_filter& wanted) {
    return (!wanted.failed || trace.failed) && trace.took() >= wanted.at_least &&
           (!wanted.since || trace.start >= *wanted.since) && (!wanted.until || trace.start < *wanted.until) &&
           (wanted.route.empty() || trace.root->name == wanted.route) && (wanted.probes || !is_probe(*trace.root)) &&
           (wanted.name.empty() || !std::ranges::search(trace.root->name, wanted.name, {}, lower).empty());
}

trace_store::trace_store(std::size_t max_bytes, std::string hidden_path)
    : max_bytes_(max_bytes), hidden_path_(std::move(hidden_path)) {}

void trace_store::ended(span_ptr span) noexcept {
    try {
        const std::scoped_lock lock(mutex_);
        add(std::move(span));
        make_room();
    } catch (const std::bad_alloc&) { // one span less to look at
    }
}

void trace_store::add(span_ptr span) {
    if (is_hidden(*span))
        return hide(span->context.trace);
    auto [found, fresh] = traces_.try_emplace(span->context.trace);
    auto& e = found->second;
    auto& s = e.trace.summary;
    if (fresh) {
        s.id = span->context.trace;
        s.start = span->start;
        s.end = span->end;
        s.root = span;
        e.place = order_[newest].insert(order_[newest].end(), s.id);
    }
    e.number = ++changes_;
    s.start = std::min(s.start, span->start);
    s.end = std::max(s.end, span->end);
    s.failed |= span->status == monitoring::span_status::error;
    if (is_root_before(*span, *s.root))
        s.root = span;
    order_[e.in].splice(order_[e.in].end(), order_[e.in], e.place);
    ++s.spans;
    if (e.trace.spans.size() == most_spans) {
        ++s.left_out;
        return;
    }
    const auto bytes = bytes_of(*span) + (fresh ? sizeof(entry) + 64 : 0);
    e.trace.spans.push_back(std::move(span));
    e.bytes += bytes;
    bytes_[e.in] += bytes;
    ++spans_;
}

// A client names its trace itself: what else it has asked of us stays.
void trace_store::hide(trace_id looks) {
    const auto found = traces_.find(looks);
    if (found != traces_.end() && std::ranges::none_of(found->second.trace.spans, [](const span_ptr& each) {
            return each->kind == monitoring::span_kind::server;
        }))
        remove(found->second);
}

// What somebody does here is worth a look, that somebody looks is not.
bool trace_store::is_hidden(const span_record& root) const {
    if (root.kind != monitoring::span_kind::server || hidden_path_.empty())
        return false;
    const auto path = text_attribute(root.attributes, "url.path");
    return path.starts_with(hidden_path_) && (path.size() == hidden_path_.size() || path[hidden_path_.size()] == '/') &&
           text_attribute(root.attributes, "http.request.method") == "GET";
}

void trace_store::make_room() {
    const auto quarter = max_bytes_ / 4;
    const auto oldest = [this](room in) -> entry& { return traces_.find(order_[in].front())->second; };
    while (bytes_[newest] + bytes_[failed] + bytes_[slow] > max_bytes_) {
        if (!order_[failed].empty() && (bytes_[failed] > quarter || order_[newest].empty()))
            remove(oldest(failed));
        else if (!order_[slow].empty() && (bytes_[slow] > quarter || order_[newest].empty()))
            remove(oldest(slow));
        else if (!order_[newest].empty())
            settle(oldest(newest));
        else
            return;
    }
}

void trace_store::settle(entry& e) {
    if (e.trace.summary.failed)
        move_to(e, failed);
    else if (is_slow(e))
        move_to(e, slow);
    else
        remove(e);
}

// Makes place for it among the slowest of its name.
bool trace_store::is_slow(const entry& e) {
    auto& of_name = slowest_[e.trace.summary.root->name];
    if (of_name.size() >= slowest_of_name) {
        const auto took = [this](trace_id id) { return traces_.find(id)->second.trace.summary.took(); };
        const auto fastest = std::ranges::min_element(of_name, {}, took);
        if (took(*fastest) >= e.trace.summary.took())
            return false;
        remove(traces_.find(*fastest)->second);
    }
    slowest_[e.trace.summary.root->name].push_back(e.trace.summary.id);
    return true;
}

void trace_store::move_to(entry& e, room to) {
    order_[to].splice(order_[to].end(), order_[e.in], e.place);
    bytes_[e.in] -= e.bytes;
    bytes_[to] += e.bytes;
    e.in = to;
}

void trace_store::remove(entry& e) {
    if (e.in == slow)
        for (auto each = slowest_.begin(); each != slowest_.end();) {
            std::erase(each->second, e.trace.summary.id);
            each = each->second.empty() ? slowest_.erase(each) : std::next(each);
        }
    order_[e.in].erase(e.place);
    bytes_[e.in] -= e.bytes;
    spans_ -= e.trace.spans.size();
    traces_.erase(trace_id(e.trace.summary.id));
}

std::vector<const trace_store::entry*> trace_store::matching(const trace_filter& wanted) const {
    std::vector<const entry*> out;
    for (const auto& [id, each] : traces_)
        if (matches(each.trace.summary, wanted))
            out.push_back(&each);
    return out;
}

trace_store::page trace_store::list(const trace_filter& wanted, std::uint64_t before, std::size_t limit) const {
    page out;
    const std::scoped_lock lock(mutex_);
    auto found = matching(wanted);
    if (before)
        std::erase_if(found, [before](const entry* e) { return e->number >= before; });
    const auto shown = std::min(limit, found.size());
    std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(shown), std::ranges::greater(),
                              &entry::number);
    for (std::size_t i = 0; i < shown; ++i)
        out.traces.push_back(found[i]->trace.summary);
    if (shown < found.size())
        out.next = found[shown - 1]->number;
    return out;
}

std::optional<kept_trace> trace_store::find(trace_id id) const {
    const std::scoped_lock lock(mutex_);
    const auto found = traces_.find(id);
    return found == traces_.end() ? std::nullopt : std::optional(found->second.trace);
}

std::vector<trace_summary> trace_store::slowest(std::size_t n, wall_time since) const {
    std::vector<trace_summary> out;
    const std::scoped_lock lock(mutex_);
    auto found = matching({.probes = false});
    std::erase_if(found, [since](const entry* e) { return e->trace.summary.end < since; });
    const auto shown = std::min(n, found.size());
    std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(shown), std::ranges::greater(),
                              [](const entry* e) { return e->trace.summary.took(); });
    for (std::size_t i = 0; i < shown; ++i)
        out.push_back(found[i]->trace.summary);
    return out;
}

std::vector<trace_store::named> trace_store::names(std::size_t at_most) const {
    std::map<std::string_view, named> all;
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, each] : traces_) {
        const auto& s = each.trace.summary;
        auto& of = all[s.root->name];
        ++of.count;
        of.failed += s.failed;
        of.slowest = std::max(of.slowest, s.took());
    }
    std::vector<named> out;
    for (auto& [name, each] : all) {
        out.push_back(each);
        out.back().name = name;
    }
    std::ranges::sort(out, std::ranges::greater(), &named::count);
    out.resize(std::min(out.size(), at_most));
    return out;
}

trace_store::account trace_store::counts() const {
    const std::scoped_lock lock(mutex_);
    account out{.traces = traces_.size(),
                .spans = spans_,
                .bytes = bytes_[newest] + bytes_[failed] + bytes_[slow],
                .max_bytes = max_bytes_,
                .changes = changes_};
    if (!order_[newest].empty())
        out.since = traces_.find(order_[newest].front())->second.trace.summary.start;
    return out;
}

} // namespace infra::dashboard
