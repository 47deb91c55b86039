#pragma once

/// A listener of changes that writes down what it is told.

#include <infra/redis/tracking.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace infra::redis {

struct diary final : change_listener {
    using texts = std::vector<std::string>;

    void listening() override { lines.emplace_back("listening"); }
    void deaf() override { lines.emplace_back("deaf"); }
    void changed(const texts& keys) override { lines.insert(lines.end(), keys.begin(), keys.end()); }
    void all_changed() override { lines.emplace_back("all"); }

    bool says(const texts& what) const { return lines == what; }
    bool listens() const {
        const auto last = std::find_if(lines.rbegin(), lines.rend(),
                                       [](const auto& each) { return each == "listening" || each == "deaf"; });
        return last != lines.rend() && *last == "listening";
    }
    bool has_been_deaf() const { return std::ranges::find(lines, "deaf") != lines.end(); }
    bool was_told_of(const std::string& key) const { return std::ranges::find(lines, key) != lines.end(); }

    texts lines;
};

} // namespace infra::redis
