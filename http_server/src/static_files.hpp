#pragma once

#include <infra/http_server/response.hpp>
#include <infra/http_server/static_files.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace infra::http::detail {

struct mounted_directory;

/// Opens the directory. Throws infra::error (errc::misconfigured) when it is not there.
std::shared_ptr<const mounted_directory> mount(static_files options);

/// The file under a decoded path, or 404.
response respond_from(const std::shared_ptr<const mounted_directory>& directory, std::string_view path);

/// What to open for a decoded path, relative to the directory; empty for what is never served.
std::optional<std::string> servable_path(std::string_view path, std::string_view index);

} // namespace infra::http::detail
