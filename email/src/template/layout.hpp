#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// What stands around a mail's content: text, and where to put what.
enum class slot { none, subject, preheader, content, language };
struct layout_piece {
    slot place;
    std::string text{}; ///< of slot::none
};
using layout = std::vector<layout_piece>;

/// The document built in: readable on a phone, in dark mode, and where <style> is thrown away.
const layout& built_in_layout();

/// `html` with places {{content}}, {{subject}} and {{preheader}}. Throws errc::bad_template, naming `name`, if there is
/// not exactly one {{content}}.
layout custom_layout(std::string_view html, const std::string& name);

/// What stands between double braces in `html` and is none of the three: "{{#if x}}".
std::vector<std::string> unknown_layout_tags(std::string_view html);

/// Appends a hidden element with what mail readers show beside the subject; nothing if that is empty.
void append_preheader(std::string& to, std::string_view preheader);

} // namespace infra::email
