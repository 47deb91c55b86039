#include "retry.hpp"

#include <algorithm>

namespace infra::otlp::detail {

verdict judge(int status) noexcept {
    if (status >= 200 && status < 300)
        return verdict::taken;
    return status == 429 || (status >= 502 && status <= 504) ? verdict::again : verdict::refused;
}

std::chrono::milliseconds delay_after(int attempt, double random01) noexcept {
    const auto full = std::min(30'000.0, 1'000.0 * static_cast<double>(1U << std::clamp(attempt - 1, 0, 10)));
    return std::chrono::milliseconds(static_cast<std::int64_t>(full / 2 + full / 2 * random01));
}

} // namespace infra::otlp::detail
