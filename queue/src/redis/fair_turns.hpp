#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace infra::queue::redis_backend {

/// In which order queues are taken from: that which was first longest ago is first.
class fair_turns {
public:
    std::vector<std::string> next(std::vector<std::string> queues);

private:
    std::uint64_t turn_ = 0;
    std::map<std::string, std::uint64_t, std::less<>> last_; // of each queue, when it was first
};

} // namespace infra::queue::redis_backend
