#pragma once

#include "source.hpp"

namespace infra::cache::tests {

/// A cache in memory, a clock that stands still, and what is loaded from.
class GetOrSet : public ::testing::Test {
protected:
    auto ask(load_options options) { return subject.get_or_set("key", options, origin.loader()); }
    auto start(load_options options) { return loop.start(ask(options)); }
    int get(load_options options) { return loop.await(ask(options)); }

    test_loop loop;
    manual_clock time;
    cache subject{make_memory_store({.max_bytes = 1 << 20}, time), {}, time};
    source origin;
};

} // namespace infra::cache::tests
