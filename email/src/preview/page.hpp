#pragma once

#include "look.hpp"

#include <string>
#include <vector>

namespace infra::email::preview {

/// What every page has: the list of templates, and for live.js the version of the files that it was made of.
struct surroundings {
    std::string directory{};
    std::vector<listed_template> templates{};
    std::string problem{}; ///< why there is no list
    std::string version{};
};

// Pure; everything that is put in is escaped.

std::string index_page(const surroundings& around);
std::string template_page(const surroundings& around, const wish& what, const look& seen);

} // namespace infra::email::preview
