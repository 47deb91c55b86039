#include "log_reading.hpp"

#include "json_members.hpp"

#include <algorithm>

namespace infra::cli {

awaitable<json::array> lines_before(const dashboard_client& from, service_query query, std::string cursor,
                                    std::size_t limit) {
    constexpr std::size_t most_of_a_page = 200;
    json::array all;
    do {
        auto asked = query;
        asked.emplace_back("cursor", cursor);
        asked.emplace_back("limit", std::to_string(std::min(limit - all.size(), most_of_a_page)));
        const auto page = co_await from.get(with_query("/logs", asked));
        for (const auto& each : items_of(page, "items"))
            all.push_back(each);
        cursor = cell_of(page, "next");
    } while (!cursor.empty() && all.size() < limit);
    co_return all;
}

} // namespace infra::cli
