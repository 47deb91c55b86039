#pragma once

#include <string>

namespace infra::cli {

/// For `check()` of an option that means any where it is left out: `--error "$ID"` must not mean all where no ID is set.
inline std::string not_empty(const std::string& given) {
    return given.empty() ? "is given but empty; give it a value, or leave it out" : "";
}

} // namespace infra::cli
