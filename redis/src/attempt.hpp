#pragma once

// For what nothing may keep from going on.

#include <exception>

namespace infra::redis::detail {

/// False: there was no memory for it, and it is left out.
template <class Step>
bool attempt(Step step) noexcept {
    try {
        step();
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

} // namespace infra::redis::detail
