#pragma once

// What npm's BullMQ leaves in Redis, from the file that peers/queue/wire.mjs writes: every key after each of some scenes.

#include "src/redis/fields.hpp"

#include <infra/base/json.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace infra::queue::redis_backend::tests {

/// A job as BullMQ itself reads it.
struct seen_job {
    std::string key{};
    std::string state{};
    json::object seen{};
};

struct scene {
    std::string name{};
    std::string versions{};
    json::object keys{}; ///< each {type, value}
    std::vector<seen_job> jobs{};

    hash_fields hash(std::string_view key) const;
    std::vector<hash_fields> stream(std::string_view key) const;
    std::vector<std::string> list(std::string_view key) const;
    std::map<std::string, double> sorted_set(std::string_view key) const;
};

/// All that are there; a scene that the versions leave alike stands there once.
const std::vector<scene>& all_scenes();
/// The one of this name, by the newest version.
const scene& scene_named(std::string_view name);

/// Of every scene, for the name of a failure.
std::string where(const scene& s, std::string_view key);

/// A hash as an object, with what is JSON in it read, so that hashes compare whatever the order in their texts.
json::object readable(const hash_fields& hash);

} // namespace infra::queue::redis_backend::tests
