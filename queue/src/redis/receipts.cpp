#include "receipts.hpp"

namespace infra::queue::redis_backend {

receipt lanes::take(std::string_view key) {
    const std::size_t i = all_[0].taken ? 1 : 0;
    auto& one = all_[i];
    if (one.key.empty())
        one.key = std::string(key).append(1, ':').append(std::to_string(i));
    one.taken = true;
    return {.lane = one.key, .number = ++one.calls};
}

void lanes::give_back(const receipt& of) noexcept {
    for (auto& one : all_)
        if (one.key == of.lane)
            one.taken = false;
}

} // namespace infra::queue::redis_backend
