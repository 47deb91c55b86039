#include <infra/cache/store.hpp>

#include "flights.hpp"

#include <infra/cache/memory.hpp>

#include <map>
#include <mutex>

namespace infra::cache {
namespace {

std::shared_ptr<store> memory_store(std::string_view url, const store_options& options) {
    if (url != "memory:")
        throw error(infra::errc::misconfigured, "memory: takes nothing behind the colon; max_bytes is an option");
    return make_memory_store({.max_bytes = options.max_bytes}, options.time ? *options.time : real_clock());
}

struct schemes {
    std::mutex mutex;
    std::map<std::string, store_factory, std::less<>> factories{{"memory", &memory_store}}; // guarded by mutex
};

// Made at first use, since backends register from the constructors of globals.
schemes& known_schemes() {
    static schemes all;
    return all;
}

std::string_view scheme_of(std::string_view url) {
    const auto colon = url.find(':');
    return url.substr(0, colon == std::string_view::npos ? 0 : colon);
}

std::string names_of(const std::map<std::string, store_factory, std::less<>>& factories) {
    std::string names;
    for (const auto& [scheme, factory] : factories)
        names.append(names.empty() ? "" : ", ").append(scheme).append(":");
    return names;
}

} // namespace

store::store() : flying_(std::make_shared<flights>()) {}
store::~store() = default;

lookup store::try_get(std::string_view key, std::string& to) {
    string_reader copy(to);
    return try_read(key, copy);
}

bool register_store(std::string scheme, store_factory factory) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    all.factories.insert_or_assign(std::move(scheme), std::move(factory));
    return true;
}

bool knows_store(std::string_view scheme) {
    auto& all = known_schemes();
    const std::scoped_lock lock(all.mutex);
    return all.factories.contains(scheme);
}

std::shared_ptr<store> make_store(std::string_view url, const store_options& options) {
    store_factory make;
    {
        auto& all = known_schemes();
        const std::scoped_lock lock(all.mutex);
        const auto found = all.factories.find(scheme_of(url));
        // The URL is not repeated: it may carry a password.
        if (found == all.factories.end())
            throw error(infra::errc::misconfigured,
                        "a cache's URL begins with the scheme of a backend that is linked (" + names_of(all.factories) +
                            "); \"" + std::string(scheme_of(url)) + "\" is not one");
        make = found->second;
    }
    return make(url, options);
}

} // namespace infra::cache
