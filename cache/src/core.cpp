#include "core.hpp"

#include "keys.hpp"

#include <algorithm>

namespace infra::cache::detail {

std::uint64_t engine::untold_evictions(std::uint64_t all) noexcept {
    auto told = evictions_told_.load();
    while (told < all && !evictions_told_.compare_exchange_weak(told, all)) {
    }
    return all - std::min(all, told);
}

core::core(const std::shared_ptr<owner>& by, std::string p, const core* around)
    : owned_by(by), shared(by->of), prefix(std::move(p)), counts(instruments_of(prefix)) {
    if (around) {
        version_names = around->version_names;
        slots = around->slots;
    }
    version_names.push_back(version_name(prefix));
    slots.push_back(shared->stored->slot(version_names.back(), around ? nesting::inner : nesting::outermost));
}

shared_core core::make(std::shared_ptr<owner> by, std::string prefix, const core* around) {
    struct held {
        std::shared_ptr<owner> by;
        std::shared_ptr<core> one;
    };
    auto one = std::make_shared<core>(by, std::move(prefix), around);
    auto* const as_seen = one.get();
    return {std::make_shared<held>(std::move(by), std::move(one)), as_seen};
}

namespace {

awaitable<std::uint64_t> version_now(shared_core in) {
    const auto versions = co_await in->shared->stored->versions(in->version_names);
    co_return std::ranges::max(versions);
}

} // namespace

awaitable<std::string> key_in_store(shared_core in, std::string key) {
    check_key(key);
    const auto known = in->known_version();
    const auto now = known ? *known : co_await version_now(in);
    std::string out;
    write_key(out, in->prefix, now, key);
    co_return out;
}

awaitable<std::vector<std::string>> keys_in_store(shared_core in, std::vector<std::string> keys) {
    for (const auto& each : keys)
        check_key(each);
    const auto known = in->known_version();
    const auto now = known ? *known : co_await version_now(in);
    for (auto& each : keys) {
        std::string out;
        write_key(out, in->prefix, now, each);
        each = std::move(out);
    }
    co_return keys;
}

new_entry entry_for(std::string key, const storing& how, std::string_view bytes) {
    return {.key = std::move(key), .value = how.bare ? std::string(bytes) : seal(how.cover, bytes), .ttl = how.ttl};
}

} // namespace infra::cache::detail
