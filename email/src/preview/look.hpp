#pragma once

#include "scheme.hpp"

#include <infra/email/look.hpp>
#include <infra/email/templates.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::email::preview {

/// What a browser asks to see.
struct wish {
    std::string name{};
    std::string locale{};
    preview::scheme scheme = scheme::light;
    bool images = false;                ///< of the web
    std::optional<json::object> data{}; ///< instead of the sample
};

using look = template_look;

/// Blocks on the disk. What is wrong with templates and data is told in it.
look look_at(const std::string& directory, const wish& what);

/// JSON with line breaks.
std::string spelled(const json::value& v, int indent = 0);

} // namespace infra::email::preview
