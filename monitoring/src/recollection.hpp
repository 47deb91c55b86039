#pragma once

// Which series a thread asked for lately, by what it said: to be recognised, a call needs neither a lock nor its labels
// copied, sorted, checked or escaped.

#include <infra/monitoring/metrics.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace infra::monitoring::detail {

struct series;

/// What a call says, and to whom. `era` is a number that no other registry ever has, nor the same one after it forgot a
/// series. A view on the caller's arguments.
struct saying {
    std::uint64_t era;
    metric_type type;
    std::string_view name;
    const labels& with;
};

/// Null if this thread does not remember. The series stays valid until the thread next calls remember().
const series* recall(const saying& said) noexcept;

/// Takes the place of something said before, if need be. At most 1024 a thread, each of at most some 1500 bytes.
void remember(const saying& said, std::shared_ptr<const series> what) noexcept;

} // namespace infra::monitoring::detail
