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
    wall_time last_end{}; // its own, or of what is below it
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

// A span may begin what goes on after it: a job that a request has added, and that job's mail.
wall_time find_last_ends(node& of) {
    of.last_end = of.span->end;
    for (auto* each : of.children)
        of.last_end = std::max(of.last_end, find_last_ends(*each));
    return of.last_end;
}

// From the end backwards: what ended last held up the end; before it, what ended last before it began; and so on. What is below a span
// ends with it or after it, so each stands here twice: where all that it began goes on beside the path, it may be on it itself.
void mark_critical(node& of, wall_time upto) {
    of.critical = true;
    std::vector<std::pair<wall_time, node*>> ends;
    for (auto* each : of.children)
        for (const auto end : {each->last_end, each->span->end})
            ends.emplace_back(end, each);
    std::ranges::sort(ends, std::ranges::greater(), [](const auto& e) { return e.first; });
    for (const auto& [end, each] : ends) {
        if (each->critical || end > upto || each->span->start >= upto)
            continue;
        mark_critical(*each, end);
        upto = each->span->start;
    }
}

// The path of the whole trace, from its first span to its last end. What has no parent here was begun by something in it all the same.
void mark_critical(const std::vector<node*>& roots) {
    node whole{.span = roots.front()->span, .children = roots.front()->children};
    whole.children.insert(whole.children.end(), roots.begin() + 1, roots.end());
    mark_critical(whole, find_last_ends(whole));
    roots.front()->critical = true;
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
        mark_critical(roots);
    for (const auto* each : roots)
        flatten(*each, 0, out);
    return out;
}

} // namespace infra::dashboard
