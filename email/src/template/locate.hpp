#pragma once

/// Which files may hold a template. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// A file to try, relative to the directory, and the locale it is for.
struct candidate {
    std::string path;
    std::string locale;
    friend bool operator==(const candidate&, const candidate&) = default;
};

/// Best first: "pt-BR/welcome.md", "pt/welcome.md", "en/welcome.md", "welcome.md"; without a locale "welcome.md",
/// "en/welcome.md". Throws infra::errc::invalid_input for a name or locale that cannot be one, whatever files there are:
/// neither can lead out of the directory.
std::vector<candidate> candidates(std::string_view name, std::string_view locale);

/// "layouts/plain.html". Throws as above.
std::string layout_path(std::string_view layout);

} // namespace infra::email
