#include "level_changes.hpp"

#include <infra/logging/pipeline.hpp>

#include <algorithm>

namespace infra::dashboard {
namespace {

bool same(const logging::level_rules& a, const logging::level_rules& b) noexcept {
    return a.fallback == b.fallback && a.modules == b.modules;
}

} // namespace

logging::level_rules with(logging::level_rules rules, const std::vector<level_change>& changes) {
    for (const auto& each : changes) {
        if (each.module.empty()) {
            rules.fallback = each.to;
            continue;
        }
        const auto found = std::ranges::find(rules.modules, each.module, &std::pair<std::string, level>::first);
        if (found != rules.modules.end())
            found->second = each.to;
        else
            rules.modules.emplace_back(each.module, each.to);
    }
    return rules;
}

bool level_changes::change(level_change to) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(changes_, [&](const level_change& each) { return each.module == to.module; });
    if (changes_.size() >= most)
        return false;
    changes_.push_back(std::move(to));
    apply();
    return true;
}

void level_changes::undo() noexcept {
    const std::scoped_lock lock(mutex_);
    changes_.clear();
    try {
        apply();
    } catch (const std::bad_alloc&) { // the next change or its end tries again
    }
}

void level_changes::expire(wall_time now) {
    const std::scoped_lock lock(mutex_);
    if (std::erase_if(changes_, [now](const level_change& each) { return each.until <= now; }) > 0)
        apply();
}

std::vector<level_change> level_changes::now() const {
    const std::scoped_lock lock(mutex_);
    return changes_;
}

void level_changes::apply() {
    const auto current = pipeline_.levels();
    if (!before_ || !ours_ || !same(current, *ours_))
        before_ = current;
    ours_ = with(*before_, changes_);
    pipeline_.set_levels(*ours_);
    if (changes_.empty())
        before_.reset();
}

} // namespace infra::dashboard
