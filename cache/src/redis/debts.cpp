#include "debts.hpp"

#include <infra/base/error.hpp>

#include <algorithm>

namespace infra::cache::redis_backend {
namespace {

std::vector<std::string> take_from(std::set<std::string>& all, std::size_t n) {
    std::vector<std::string> taken;
    while (!all.empty() && taken.size() < n)
        taken.push_back(std::move(all.extract(all.begin()).value()));
    return taken;
}

} // namespace

void debts::owe_erasure(std::span<const std::string> keys) {
    const std::scoped_lock lock(mutex_);
    add(keys_, keys);
}

void debts::owe_bump(std::span<const std::string> names) {
    const std::scoped_lock lock(mutex_);
    add(names_, names);
}

void debts::know_namespace(const std::string& version_name, std::weak_ptr<const void> handle) {
    const std::scoped_lock lock(mutex_);
    if (!namespaces_.contains(version_name) && namespaces_.size() >= std::min(forget_at_, max_namespaces))
        forget_namespaces();
    namespaces_[version_name] = std::move(handle);
}

// While anything is owed, what was dropped may lie in any of them.
void debts::forget_namespaces() {
    if (!any_)
        std::erase_if(namespaces_, [](const auto& each) { return each.second.expired(); });
    if (namespaces_.size() >= max_namespaces)
        throw error(infra::errc::overloaded, "a store on Redis takes caches with " + std::to_string(max_namespaces) +
                                                 " prefixes; share one, and use cache::ns() for its parts");
    forget_at_ = std::max<std::size_t>(64, 2 * namespaces_.size());
}

debts::bill debts::take(std::size_t n) {
    const std::scoped_lock lock(mutex_);
    if (!taken_.empty())
        return taken_;
    if (everything_)
        for (const auto& [name, handle] : namespaces_)
            names_.insert(name);
    everything_ = false;
    taken_ = {.keys = take_from(keys_, n), .names = take_from(names_, n)};
    note_any();
    return taken_;
}

void debts::paid() {
    const std::scoped_lock lock(mutex_);
    taken_ = {};
    note_any();
}

void debts::note_any() { any_ = everything_ || !keys_.empty() || !names_.empty() || !taken_.empty(); }

bool debts::owes(const std::string& version_name) const {
    if (!any_)
        return false;
    const std::scoped_lock lock(mutex_);
    return everything_ || names_.contains(version_name) || std::ranges::count(taken_.names, version_name) > 0;
}

std::size_t debts::size() const {
    const std::scoped_lock lock(mutex_);
    const auto waiting = everything_ ? namespaces_.size() : keys_.size() + names_.size();
    return waiting + taken_.keys.size() + taken_.names.size();
}

// What is owed with everything is owed: no version of a tag makes void what that of its namespace does not.
void debts::add(std::set<std::string>& to, std::span<const std::string> what) {
    any_ = any_ || !what.empty();
    if (everything_)
        return;
    to.insert(what.begin(), what.end());
    everything_ = keys_.size() + names_.size() > max_ + namespaces_.size();
    if (!everything_)
        return;
    keys_.clear();
    names_.clear();
}

} // namespace infra::cache::redis_backend
