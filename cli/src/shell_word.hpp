#pragma once

#include <string>
#include <string_view>

namespace infra::cli {

/// A text as it is typed into a shell: with quotes where it needs them.
std::string shell_word(std::string_view text);

} // namespace infra::cli
