#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// What stands around a mail's content. Subject and preheader are plain text and are escaped here; `content` is HTML.
struct layout_values {
    std::string_view subject;
    std::string_view preheader;
    std::string_view content;
    std::string_view language{}; ///< "pt-BR"; empty: not said
};

/// The document built in: readable on a phone, in dark mode, and where <style> is thrown away.
std::string built_in_layout(const layout_values& v);

/// `{{content}}`, `{{subject}}` and `{{preheader}}` of `html` replaced, the latter as a hidden element. Throws
/// errc::bad_template, naming `name`, if there is not exactly one `{{content}}`.
std::string custom_layout(std::string_view html, const std::string& name, const layout_values& v);

/// What stands between double braces in `html` and is none of the three: "{{#if x}}".
std::vector<std::string> unknown_layout_tags(std::string_view html);

} // namespace infra::email
