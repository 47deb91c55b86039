#pragma once

// What a write does to the copies near, whatever came of it: what is kept of its keys may be old.

#include "near_cache.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace infra::cache::redis_backend {

class dropped_at_end {
public:
    dropped_at_end(std::shared_ptr<near_cache> from, std::vector<std::string> keys)
        : from_(std::move(from)), keys_(std::move(keys)) {}
    ~dropped_at_end() {
        if (from_)
            from_->changed(keys_);
    }
    dropped_at_end(const dropped_at_end&) = delete;
    dropped_at_end& operator=(const dropped_at_end&) = delete;

private:
    const std::shared_ptr<near_cache> from_; // null without
    const std::vector<std::string> keys_;
};

class all_dropped_at_end {
public:
    explicit all_dropped_at_end(std::shared_ptr<near_cache> from) : from_(std::move(from)) {}
    ~all_dropped_at_end() {
        if (from_)
            from_->all_changed();
    }
    all_dropped_at_end(const all_dropped_at_end&) = delete;
    all_dropped_at_end& operator=(const all_dropped_at_end&) = delete;

private:
    const std::shared_ptr<near_cache> from_; // null without
};

} // namespace infra::cache::redis_backend
