#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace infra::realtime::websocket {

/// Takes the mask off bytes (or puts it on: that is the same), where they are. `offset`: of the first one in its frame's payload.
void unmask(std::span<char> bytes, std::array<char, 4> key, std::size_t offset) noexcept;

} // namespace infra::realtime::websocket
