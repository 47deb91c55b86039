#pragma once

#include <string>
#include <vector>

namespace infra::email {

/// Values nobody should have, and pieces of them in any order; the same ones in every run, and more with --long.
std::vector<std::string> hostile_values();

} // namespace infra::email
