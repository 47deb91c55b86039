#include "checkpoint_plan.hpp"

#include <algorithm>
#include <utility>

namespace infra::queue::sqlite {

checkpoint_plan::checkpoint_plan(int long_log)
    : long_log_(long_log), round_(std::max(1, long_log / 4)), next_at_(round_) {}

checkpoint_plan::step checkpoint_plan::next(int pages) {
    if (pages < std::exchange(pages_, pages)) { // it has begun anew
        next_at_ = round_;
        last_rounds_ = 0;
    }
    if (pages < next_at_)
        return step::none;
    if (pages >= long_log_ && last_rounds_ < 2) { // the second leaves what comes during a short one
        ++last_rounds_;
        next_at_ = pages;
        return step::ask;
    }
    next_at_ = pages + round_;
    return std::exchange(last_rounds_, 0) > 0 ? step::finish : step::ask;
}

} // namespace infra::queue::sqlite
