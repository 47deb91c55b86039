#pragma once

#include "far_store.hpp"
#include "source.hpp"

namespace infra::cache::tests {

enum class distance { near, far };

/// Loads into a store that answers at once, and into one that is awaited.
class Loading : public ::testing::TestWithParam<distance> {
protected:
    static std::shared_ptr<store> make(std::shared_ptr<store> memory) {
        if (GetParam() == distance::near)
            return memory;
        return std::make_shared<far_store>(std::move(memory));
    }

    auto ask(load_options options) { return subject.get_or_set("key", std::move(options), origin.loader()); }
    auto start(load_options options) { return loop.start(ask(std::move(options))); }
    int get(load_options options) { return loop.await(ask(std::move(options))); }
    std::optional<int> there() { return loop.await(subject.get<int>("key")); }
    template <class T>
    bool ends(const std::shared_ptr<pending<T>>& p) {
        return loop.until([&] { return p->ended; });
    }
    auto start_held(load_options options) {
        origin.held = true;
        auto began = start(std::move(options));
        EXPECT_TRUE(loop.until([&] { return !origin.waiting.empty(); }));
        return began;
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<store> stored = make(make_memory_store({.max_bytes = 1 << 20}, time));
    cache subject{stored, {}, time};
    source origin;
};

inline std::string distance_name(const ::testing::TestParamInfo<distance>& info) {
    return info.param == distance::near ? "Near" : "Far";
}

} // namespace infra::cache::tests
