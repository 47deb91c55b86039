#include "tests/redis/wire.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace infra::queue::redis_backend::tests {
namespace {

hash_fields fields_of(const json::value& object) {
    hash_fields fields;
    for (const auto& each : object.as_object())
        fields.emplace_back(each.key(), std::string(each.value().as_string()));
    return fields;
}

scene read_scene(const json::object& from) {
    scene s{.name = std::string(from.at("scene").as_string()),
            .versions = json::to_text(from.at("versions")),
            .keys = from.at("keys").as_object()};
    for (const auto& each : from.at("jobs").as_array()) {
        const auto& job = each.as_object();
        s.jobs.push_back({.key = std::string(job.at("key").as_string()),
                          .state = std::string(job.at("state").as_string()),
                          .seen = job.at("seen").as_object()});
    }
    return s;
}

std::vector<scene> read_scenes() {
    std::ifstream file(INFRA_QUEUE_TESTS "/redis/expected_wire.json");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto read = json::parse(text, {.max_bytes = 1 << 24, .max_depth = 32}).value();
    std::vector<scene> all;
    for (const auto& each : read.as_array())
        all.push_back(read_scene(each.as_object()));
    return all;
}

const json::value& value_of(const scene& s, std::string_view key) { return s.keys.at(key).at("value"); }

} // namespace

hash_fields scene::hash(std::string_view key) const { return fields_of(value_of(*this, key)); }

std::vector<hash_fields> scene::stream(std::string_view key) const {
    std::vector<hash_fields> entries;
    for (const auto& each : value_of(*this, key).as_array())
        entries.push_back(fields_of(each));
    return entries;
}

std::vector<std::string> scene::list(std::string_view key) const {
    return json::from_value<std::vector<std::string>>(value_of(*this, key)).value();
}

std::map<std::string, double> scene::sorted_set(std::string_view key) const {
    std::map<std::string, double> members;
    for (const auto& [member, score] : fields_of(value_of(*this, key)))
        members.emplace(member, std::stod(score));
    return members;
}

const std::vector<scene>& all_scenes() {
    static const auto all = read_scenes();
    return all;
}

const scene& scene_named(std::string_view name) {
    const auto& all = all_scenes();
    const auto newest = std::find_if(all.rbegin(), all.rend(), [name](const auto& each) { return each.name == name; });
    if (newest == all.rend())
        throw std::invalid_argument("no scene is called " + std::string(name));
    return *newest;
}

std::string where(const scene& s, std::string_view key) {
    return std::string(key) + " in " + s.name + " of " + s.versions;
}

json::object readable(const hash_fields& hash) {
    json::object all;
    for (const auto& [name, value] : hash) {
        const bool is_json = name == "opts" || name == "parent" || name == "data";
        all[name] = is_json ? json::parse(value).value() : json::value(value);
    }
    return all;
}

} // namespace infra::queue::redis_backend::tests
