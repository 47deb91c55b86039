#include "jump_guard.hpp"

#include <algorithm>

namespace infra::queue {

wall_time jump_guard::expired_before(wall_time wall, steady_time steady) {
    if (steady >= lenient_until_)
        jumped_ = {};
    if (last_wall_) {
        const auto jump = saturating_sub(wall, saturating_add(*last_wall_, steady - last_steady_));
        if (jump > lease_ / 3)
            lenient_until_ = saturating_add(steady, lease_);
        if (steady < lenient_until_) // it may be put back meanwhile
            jumped_ = std::max(saturating_add(wall_time(jumped_), jump), wall_time()).time_since_epoch();
    }
    last_wall_ = wall;
    last_steady_ = steady;
    return saturating_add(wall, -jumped_);
}

} // namespace infra::queue
