#pragma once

#include <string_view>

/// The files of files/, made into the module by infra_embed_files().
namespace infra::email::preview::files {

extern const std::string_view live_js;
extern const std::string_view style_css;

} // namespace infra::email::preview::files
