#include "debts.hpp"

#include <infra/base/error.hpp>

#include <algorithm>

namespace infra::cache::redis_backend {
namespace {

std::vector<std::string> take_from(std::set<std::string, std::less<>>& all, std::size_t n) {
    std::vector<std::string> taken;
    while (!all.empty() && taken.size() < n)
        taken.push_back(std::move(all.extract(all.begin()).value()));
    return taken;
}

bool has_one_in(const std::set<std::string, std::less<>>& all, std::string_view prefix) {
    const auto first = all.lower_bound(prefix);
    return first != all.end() && first->starts_with(prefix);
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

void debts::forget_namespaces() {
    std::erase_if(namespaces_, [&](const auto& each) { return each.second.expired() && !owes_in(each.first); });
    if (namespaces_.size() >= max_namespaces)
        throw error(infra::errc::overloaded, "a store on Redis takes caches with " + std::to_string(max_namespaces) +
                                                 " prefixes, those in which something is to be made void yet included; "
                                                 "share one, and use cache::ns() for its parts");
    forget_at_ = std::max<std::size_t>(64, 2 * namespaces_.size());
}

// All that is in one begins with its prefix, the name of its version too.
bool debts::owes_in(std::string_view version_name) const {
    const auto prefix = version_name.substr(0, version_name.find("@@"));
    return has_one_in(keys_, prefix) || has_one_in(names_, prefix);
}

debts::bill debts::take(std::size_t n) {
    const std::scoped_lock lock(mutex_);
    if (!taken_.empty())
        return taken_;
    taken_ = {.keys = take_from(keys_, n), .names = take_from(names_, n)};
    note_any();
    return taken_;
}

void debts::paid() {
    const std::scoped_lock lock(mutex_);
    taken_ = {};
    note_any();
}

void debts::note_any() { any_ = !keys_.empty() || !names_.empty() || !taken_.empty(); }

bool debts::owes(const std::string& version_name) const {
    if (!any_)
        return false;
    const std::scoped_lock lock(mutex_);
    return names_.contains(version_name) || std::ranges::count(taken_.names, version_name) > 0;
}

std::size_t debts::size() const {
    const std::scoped_lock lock(mutex_);
    return keys_.size() + names_.size() + taken_.keys.size() + taken_.names.size();
}

void debts::add(std::set<std::string, std::less<>>& to, std::span<const std::string> what) {
    any_ = any_ || !what.empty();
    to.insert(what.begin(), what.end());
    if (keys_.size() + names_.size() > max_ + namespaces_.size())
        owe_whole_namespaces();
}

// No version of a tag makes void what that of its namespace does not.
void debts::owe_whole_namespaces() {
    std::set<std::string, std::less<>> whole;
    for (const auto& [name, handle] : namespaces_)
        if (owes_in(name))
            whole.insert(name);
    keys_.clear();
    names_ = std::move(whole);
    note_any();
}

} // namespace infra::cache::redis_backend
