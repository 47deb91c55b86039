#include "look_plan.hpp"

#include <algorithm>

namespace infra::queue::sqlite {
namespace {

using namespace std::chrono_literals;

constexpr look_plan::duration soon = 100us; // most transactions are seen by then
constexpr int in_advance = 8;               // looks for nothing, after a while without
constexpr int too_many = 3;

} // namespace

look_plan::look_plan(duration poll, duration at_rest) : poll_(poll), at_rest_(std::max(poll, at_rest)) {}

void look_plan::missed() noexcept {
    if (++missed_ == too_many)
        be_told(false);
}

void look_plan::told(steady_time now) noexcept {
    told_at_ = now;
    is_due_ = true;
    heard();
}

void look_plan::looked(steady_time now, bool brought_work) noexcept {
    looked_at_ = now;
    is_due_ = false;
    if (!brought_work)
        paid_until_ = std::max(paid_until_, now) + poll_;
}

steady_time look_plan::earliest() const noexcept { return paid_until_ - in_advance * poll_; }

steady_time look_plan::next() const noexcept {
    if (!is_told_)
        return looked_at_ + poll_;
    if (is_due_)
        return earliest();
    const auto between = was_told() ? std::clamp((looked_at_ - told_at_) / 2, soon, at_rest_) : at_rest_;
    return std::max(looked_at_ + between, earliest());
}

} // namespace infra::queue::sqlite
