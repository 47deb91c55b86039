#pragma once

/// What `infra new` writes.

#include <string>
#include <string_view>
#include <vector>

namespace infra::cli {

/// Why a service cannot be called so; empty: it can. Its name becomes a folder, a target of CMake's, a program and an image.
std::string problem_of_name(std::string_view name);

struct skeleton_file {
    std::string path; ///< below the service's folder
    std::string text;
};

/// All files of a service of this name, by path. The name has no problem.
std::vector<skeleton_file> skeleton_of(const std::string& name);

} // namespace infra::cli
