#pragma once

#include <string>
#include <string_view>

namespace infra::email::preview {

enum class scheme { light, dark };

/// The html as a reader with this colour scheme sees it, whatever the browser's own is: what asks for a scheme in a media query
/// gets an answer instead.
std::string in_scheme(std::string_view html, scheme wanted);

} // namespace infra::email::preview
