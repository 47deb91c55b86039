#include "trace_tree.hpp"

#include <algorithm>
#include <map>

namespace infra::dashboard {
namespace {

using span_id_value = std::uint64_t;

struct node {
    span_ptr span;
    bool open = false;
    bool critical = false;
    std::vector<node*> children{};
};

std::chrono::nanoseconds own_time(const node& n) {
    std::chrono::nanoseconds covered{};
    auto upto = n.span->start;
    for (const auto* each : n.children) { // in the order of their beginnings
        const auto from = std::max(each->span->start, upto), to = std::min(each->span->end, n.span->end);
        if (to > from) {
            covered += to - from;
            upto = to;
        }
    }
    return n.span->end - n.span->start - covered;
}

// From the end backwards: what ended last held up the end; before it, what ended last before it began; and so on.
void mark_critical(node& of) {
    of.critical = true;
    auto all = of.children;
    std::ranges::sort(all, std::ranges::greater(), [](const node* n) { return n->span->end; });
    auto upto = of.span->end;
    for (auto* each : all) {
        if (each->span->end > upto ||
            each->span->start >= upto) // beside what is critical already, or outlives its parent
            continue;
        mark_critical(*each);
        upto = each->span->start;
    }
}

void flatten(const node& of, std::size_t depth, std::vector<tree_span>& out) {
    out.push_back({.span = of.span,
                   .depth = depth,
                   .children = of.children.size(),
                   .open = of.open,
                   .critical = of.critical,
                   .own = own_time(of)});
    for (const auto* each : of.children)
        flatten(*each, depth + 1, out);
}

// Ids come from outside: a span may claim to be its own ancestor.
bool is_below(const std::map<span_id_value, node>& all, const monitoring::span_record& span, span_id_value of) {
    auto at = span.parent.value;
    for (std::size_t steps = 0; at != 0 && steps <= all.size(); ++steps) {
        if (at == of)
            return true;
        const auto parent = all.find(at);
        if (parent == all.end())
            return false;
        at = parent->second.span->parent.value;
    }
    return at != 0;
}

} // namespace

std::vector<tree_span> tree_of(std::vector<span_ptr> ended, const std::vector<monitoring::span_record>& open,
                               wall_time now) {
    std::map<span_id_value, node> all;
    for (auto& each : ended)
        all.try_emplace(each->context.span.value, node{.span = std::move(each)});
    for (const auto& each : open) {
        auto copy = std::make_shared<monitoring::span_record>(each);
        copy->end = std::max(now, copy->start);
        all.try_emplace(each.context.span.value, node{.span = std::move(copy), .open = true});
    }
    std::vector<node*> roots;
    for (auto& [id, each] : all) {
        const auto parent = all.find(each.span->parent.value);
        const bool is_child = each.span->parent && parent != all.end() && !is_below(all, *parent->second.span, id);
        (is_child ? parent->second.children : roots).push_back(&each);
    }
    const auto by_start = [](const node* n) { return std::pair(n->span->start, n->span->context.span.value); };
    for (auto& [id, each] : all)
        std::ranges::sort(each.children, {}, by_start);
    std::ranges::sort(roots, {}, by_start);
    std::vector<tree_span> out;
    if (!roots.empty())
        mark_critical(*roots.front());
    for (const auto* each : roots)
        flatten(*each, 0, out);
    return out;
}

} // namespace infra::dashboard
