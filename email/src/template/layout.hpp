#pragma once

/// What stands around a mail's content. It becomes one with it, so that writing a page is following one list of steps.

#include "steps.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// `content` in the document built in: readable on a phone, in dark mode, and where <style> is thrown away.
steps in_built_in_layout(steps content);

/// `content` in `html` with places {{content}}, {{subject}} and {{preheader}}. Throws errc::bad_template, naming `name`, if
/// there is not exactly one {{content}}.
steps in_custom_layout(std::string_view html, const std::string& name, steps content);

/// What stands between double braces in `html` and is none of the three: "{{#if x}}".
std::vector<std::string> unknown_layout_tags(std::string_view html);

/// What append_preheader appends at least.
std::size_t hidden_size(std::string_view preheader);

/// Appends a hidden element with what mail readers show beside the subject; nothing if that is empty.
void append_preheader(std::string& to, std::string_view preheader);

} // namespace infra::email
