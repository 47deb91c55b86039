#pragma once

#include "support.hpp"

namespace infra::cache::tests {

/// A cache in memory, and a look past it at what is stored.
class OnMemory : public ::testing::Test {
protected:
    cache make(cache_options options = {}) { return cache(stored, std::move(options), time); }

    std::optional<std::string> stored_under(const std::string& key) {
        std::string bytes;
        return stored->try_get(key, bytes) == lookup::hit ? std::optional(bytes) : std::nullopt;
    }
    void store_bare(std::string key, std::string bytes) {
        std::vector<new_entry> one{{std::move(key), std::move(bytes)}};
        loop.await(stored->set(std::move(one)));
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<store> stored = make_memory_store({.max_bytes = 1 << 20}, time);
    cache subject = make();
};

} // namespace infra::cache::tests
