#pragma once

#include "scheme.hpp"

#include <infra/email/template.hpp>
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
    bool images = false; ///< of the web
};

/// A template with its sample data, as far as they got.
struct look {
    std::optional<rendered_email> mail{}; ///< nothing: `problem` says why
    std::string problem{};
    bool found = true;         ///< or there is no such template
    std::string gaps{};        ///< what `strict` would refuse
    std::string path{};        ///< of the template
    std::string layout{};      ///< its name; empty: the one built in
    std::string sample{};      ///< the data, spelled for people
    std::string sample_path{}; ///< empty: there is no such file
};

/// Blocks on the disk. What is wrong with templates and data is told in it.
look look_at(const std::string& directory, const wish& what);

/// Over this Gmail cuts a mail off.
inline constexpr std::size_t clipping_size = 102 * 1024;

/// JSON with line breaks.
std::string spelled(const json::value& v, int indent = 0);

} // namespace infra::email::preview
