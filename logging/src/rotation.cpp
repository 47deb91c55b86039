#include "rotation.hpp"

namespace infra::logging::detail {

std::int64_t period_of(wall_time t, rotate_every every) noexcept {
    switch (every) {
    case rotate_every::never: break;
    case rotate_every::hour: return std::chrono::floor<std::chrono::hours>(t).time_since_epoch().count();
    case rotate_every::day: return std::chrono::floor<std::chrono::days>(t).time_since_epoch().count();
    }
    return 0;
}

std::size_t fitting(std::string_view lines, std::uint64_t size, std::uint64_t max_bytes) noexcept {
    if (max_bytes == 0 || lines.size() + size <= max_bytes)
        return lines.size();
    const auto room = size < max_bytes ? static_cast<std::size_t>(max_bytes - size) : 0;
    const auto last = room == 0 ? lines.npos : lines.rfind('\n', room - 1);
    if (last != lines.npos)
        return last + 1;
    return size == 0 ? lines.find('\n') + 1 : 0;
}

std::filesystem::path numbered(const std::filesystem::path& path, std::size_t number) {
    if (number == 0)
        return path;
    auto name = path;
    name += "." + std::to_string(number);
    return name;
}

} // namespace infra::logging::detail
