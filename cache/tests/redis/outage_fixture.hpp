#pragma once

#include "support.hpp"

namespace infra::cache::tests {

/// A cache whose server may be cut off.
class OnRedisAtTimes : public OnRedis {
protected:
    void SetUp() override {
        OnRedis::SetUp();
        if (!IsSkipped())
            use(hasty());
    }

    void use(redis_store_options o) {
        subject.reset();
        subject.emplace(make_store(std::move(o)), cache_options{.prefix = "p:"});
        loop.await(subject->set("warm", "1"));
    }

    maybe get(std::string_view key) { return loop.await(subject->get<std::string>(key)); }

    /// Until the cache no longer asks.
    bool went_away() {
        return loop.until([&] {
            get("nothing");
            return heard.of("cache_store_away") == 1;
        });
    }
    bool came_back() {
        return loop.until([&] { return get("warm").has_value(); });
    }

    const metrics_listener heard;
    std::optional<cache> subject;
};

} // namespace infra::cache::tests
