#include "found_jobs.hpp"

#include "job_hash.hpp"

#include <array>

namespace infra::queue::redis_backend {
namespace {

hash_fields to_fields(redis::reply::list flat) {
    hash_fields fields;
    fields.reserve(flat.size() / 2);
    for (std::size_t i = 0; i + 1 < flat.size(); i += 2)
        fields.emplace_back(std::move(flat[i]).take_text(), std::move(flat[i + 1]).take_text());
    return fields;
}

children_counts children_in(const redis::reply& counted) {
    if (counted.is_null())
        return {};
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(counted.items().at(i).as_integer()); };
    return {.pending = at(0), .completed = at(1), .failed = at(2)};
}

} // namespace

job_state state_at(std::string_view place) noexcept {
    static constexpr std::array<std::pair<std::string_view, job_state>, 5> names{
        {{"delayed", job_state::delayed},
         {"active", job_state::active},
         {"completed", job_state::completed},
         {"failed", job_state::failed},
         {"waiting-children", job_state::waiting_children}}};
    for (const auto& [name, state] : names)
        if (place == name)
            return state;
    return job_state::waiting;
}

std::optional<job_info> read_found(const std::string& queue, redis::reply found) {
    if (found.is_null())
        return std::nullopt;
    auto parts = std::move(found).take_items();
    auto hash = to_fields(std::move(parts.at(5)).take_items());
    auto info = to_info(read_job({queue, std::move(parts[0]).take_text()}, std::move(hash)),
                        state_at(parts[1].as_text()), redis::to<std::optional<double>>(std::move(parts[2])));
    info.children = children_in(parts[3]);
    if (parts[4].as_integer() == 0)
        info.parent.reset();
    return info;
}

} // namespace infra::queue::redis_backend
