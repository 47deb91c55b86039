#include "stream_replies.hpp"

namespace infra::queue::redis_backend {
namespace {

// Of one that was deleted Redis 6 says so with a null.
hash_fields read_fields(redis::reply answer) {
    hash_fields fields;
    if (answer.is_null())
        return fields;
    auto flat = std::move(answer).take_items();
    fields.reserve(flat.size() / 2);
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        fields.emplace_back(std::move(flat[i]).take_text(), std::move(flat[i + 1]).take_text());
    return fields;
}

stream_part read_part(redis::reply key, redis::reply entries) {
    return {.key = std::move(key).take_text(), .entries = read_entries(std::move(entries))};
}

} // namespace

std::vector<stream_entry> read_entries(redis::reply answer) {
    std::vector<stream_entry> entries;
    for (auto& each : std::move(answer).take_items()) {
        auto parts = std::move(each).take_items();
        if (const auto id = read_entry_id(parts.at(0).as_text()))
            entries.push_back({*id, read_fields(std::move(parts.at(1)))});
    }
    return entries;
}

std::vector<stream_part> read_streams(redis::reply answer) {
    std::vector<stream_part> parts;
    if (answer.is_null())
        return parts;
    const bool is_map = answer.type() == redis::reply::kind::map;
    auto items = std::move(answer).take_items();
    if (is_map)
        for (std::size_t i = 0; i + 1 < items.size(); i += 2)
            parts.push_back(read_part(std::move(items[i]), std::move(items[i + 1])));
    else
        for (auto& each : items) {
            auto pair = std::move(each).take_items();
            parts.push_back(read_part(std::move(pair.at(0)), std::move(pair.at(1))));
        }
    return parts;
}

} // namespace infra::queue::redis_backend
