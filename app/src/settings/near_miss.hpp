#pragma once

// Names that look like a known one.

#include <string_view>

namespace infra::app::settings {

/// One letter more, less or other, or two neighbours swapped.
bool differ_by_one_slip(std::string_view a, std::string_view b) noexcept;

/// The known name that somebody meant by this one; empty where it is known itself, or like none. Of names shorter than six letters
/// nothing but a swap counts, since PORT and POST may both be meant.
std::string_view meant_by(std::string_view name) noexcept;

} // namespace infra::app::settings
