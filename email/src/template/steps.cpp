#include "steps.hpp"

#include <algorithm>
#include <utility>

namespace infra::email {
namespace {

// Whether it depends on the data that anything is written.
bool may_be_empty(const steps& inside) noexcept {
    return std::ranges::any_of(inside, [](const step& each) {
        return each.kind == step_kind::section || each.kind == step_kind::inverted || each.kind == step_kind::group;
    });
}

step_kind step_kind_of(tag_kind kind) noexcept {
    switch (kind) {
    case tag_kind::section: return step_kind::section;
    case tag_kind::inverted: return step_kind::inverted;
    default: return step_kind::value;
    }
}

} // namespace

void step_list::literal(std::string_view text) {
    auto& to = here();
    if (text.empty())
        return;
    if (std::exchange(apart_, false) || to.empty() || to.back().kind != step_kind::literal)
        to.push_back({.kind = step_kind::literal, .text = std::string(text)});
    else
        to.back().text.append(text);
}

void step_list::add(step leaf) { here().push_back(std::move(leaf)); }

void step_list::append(steps made) {
    for (auto& each : made)
        each.kind == step_kind::literal ? literal(each.text) : add(std::move(each));
}

void step_list::tag(const part& of) {
    if (of.kind == tag_kind::end)
        return close();
    step made{.kind = step_kind_of(of.kind), .text = of.text, .name = of.name};
    made.kind == step_kind::value ? add(std::move(made)) : open(std::move(made));
}

void step_list::open(step with_inside) { open_.push_back(std::move(with_inside)); }

void step_list::close() {
    auto made = std::move(open_.back());
    open_.pop_back();
    if (made.kind == step_kind::group && !may_be_empty(made.inside))
        splice(std::move(made));
    else
        add(std::move(made));
}

void step_list::splice(step group) {
    literal(group.text);
    append(std::move(group.inside));
    literal(group.closing);
}

std::size_t step_list::mark() {
    apart_ = true;
    return here().size();
}

parts step_list::since(std::size_t mark) const {
    parts found;
    for (auto i = mark; i < here().size(); ++i) {
        const auto& each = here()[i];
        if (each.kind == step_kind::literal)
            found.push_back({.text = each.text});
        else
            found.push_back({.text = each.text, .name = each.name, .kind = tag_kind::value});
    }
    return found;
}

} // namespace infra::email
