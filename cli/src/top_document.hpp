#pragma once

/// The picture of a service for programs and for paper. Pure.

#include "top_view.hpp"

#include <infra/base/json.hpp>

#include <string>

namespace infra::cli::top {

/// What is not known is null. The names are stable.
json::object document_of(const picture& shown, const place& of, steady_time now);

/// Without an end of its lines.
std::string plain_text_of(const picture& shown, const place& of, steady_time now);

} // namespace infra::cli::top
