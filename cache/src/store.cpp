#include <infra/cache/store.hpp>

#include "flights.hpp"

#include <infra/cache/memory.hpp>
#include <infra/runtime/scheme_table.hpp>

#include <utility>

namespace infra::cache {
namespace {

std::shared_ptr<store> memory_store_at(std::string_view url, const store_options& options) {
    if (url != "memory:")
        throw error(infra::errc::misconfigured, "memory: takes nothing behind the colon; max_bytes is an option");
    return make_memory_store({.max_bytes = options.max_bytes}, options.time ? *options.time : real_clock());
}

using store_table = scheme_table<store_factory>;

// Made at first use, since backends register from the constructors of globals.
store_table& table() {
    static store_table one{{{"memory", &memory_store_at}}};
    return one;
}

} // namespace

store::store() : flying_(std::make_shared<flights>()) {}
store::~store() = default;

lookup store::try_get(std::string_view key, std::string& to) {
    string_reader copy(to);
    return try_read(key, copy);
}

bool register_store(std::string scheme, store_factory factory) {
    return table().add(std::move(scheme), std::move(factory));
}

bool knows_store(std::string_view scheme) { return table().knows(scheme); }

std::shared_ptr<store> make_store(std::string_view url, const store_options& options) {
    if (const auto make = table().find(scheme_of(url)))
        return make(url, options);
    // The URL is not repeated: it may carry a password.
    throw error(infra::errc::misconfigured, "a cache's URL begins with the scheme of a backend that is linked (" +
                                                table().names() + "); \"" + std::string(scheme_of(url)) +
                                                "\" is not one");
}

} // namespace infra::cache
