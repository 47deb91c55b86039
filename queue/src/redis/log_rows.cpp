#include "log_rows.hpp"

#include "fields.hpp"

namespace infra::queue::redis_backend {

// One of somebody who writes no times stays as it was.
std::string to_row(const log_line& line) {
    if (line.at == wall_time{})
        return line.text;
    const auto at = format_rfc3339(line.at);
    std::string row(at.data(), at.size());
    row += ' ';
    return row += line.text;
}

log_line read_row(std::string row) {
    constexpr std::size_t time_size = std::tuple_size_v<decltype(format_rfc3339({}))>;
    const std::string_view text = row;
    if (text.size() > time_size && text[time_size] == ' ')
        if (const auto at = read_rfc3339(text.substr(0, time_size)))
            return {.at = *at, .text = row.substr(time_size + 1)};
    return {.text = std::move(row)};
}

} // namespace infra::queue::redis_backend
