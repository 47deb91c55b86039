#pragma once

/// Targets of links and images: what may stand in them and how values get in. Pure.

#include "placeholder.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace infra::email {

/// The value of a place, empty if there is none; looked at before the next is asked for.
using lookup = std::function<std::optional<std::string_view>(std::string_view name)>;

enum class target_kind { link, image };

/// Whether the template's own text leads where nothing may lead: javascript:, vbscript:, file:, data: (images may be
/// data:image/gif, jpeg, png, webp). Known before any value is.
bool is_forbidden_target(const parts& target, target_kind kind);

/// The target with values in it, percent-encoded where it is not a URL's character, not yet escaped for HTML. Empty, which
/// leads nowhere, when a value would decide what it must not:
/// - a value at the beginning must bring one of the schemes http, https, mailto, tel;
/// - a value in the host's name is one label of letters, digits and hyphens, or, where it is the whole of it, a host;
/// - anywhere else a value is one percent-encoded component, so that it can end nothing and begin nothing; it may not be
///   `.` or `..`, nor complete a scheme that leads where nothing may lead.
std::string fill_target(const parts& target, const lookup& values);

} // namespace infra::email
