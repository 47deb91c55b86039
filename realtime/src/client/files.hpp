#pragma once

#include <string_view>

/// The files of client/, made into the module by infra_embed_files().
namespace infra::realtime::client_files {

extern const std::string_view infra_realtime_d_ts;
extern const std::string_view infra_realtime_js;

} // namespace infra::realtime::client_files
