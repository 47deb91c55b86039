#include "static_files.hpp"

#include "file.hpp"
#include "text.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstring>

namespace infra::http::detail {

struct mounted_directory {
    unique_descriptor root;
    static_files options;
};

std::shared_ptr<const mounted_directory> mount(static_files options) {
    unique_descriptor root(::open(options.directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root)
        throw infra::error(errc::misconfigured, "http::static_files::directory: cannot open '" + options.directory +
                                                    "': " + std::strerror(errno) +
                                                    "; put the files there, or name the folder that holds them");
    return std::make_shared<const mounted_directory>(mounted_directory{std::move(root), std::move(options)});
}

std::optional<std::string> servable_path(std::string_view path, std::string_view index) {
    if (path.find('\0') != std::string_view::npos)
        return std::nullopt;
    for (auto rest = path; !rest.empty();) {
        const auto name = take_item(rest, '/');
        if (name.empty() || (name.starts_with('.') && name != ".well-known"))
            return std::nullopt;
    }
    if (!path.empty() && !path.ends_with('/'))
        return std::string(path);
    return index.empty() ? std::nullopt : std::optional(std::string(path).append(index));
}

response respond_from(const std::shared_ptr<const mounted_directory>& directory, std::string_view path) {
    auto file = servable_path(path, directory->options.index);
    if (!file)
        return response::not_found();
    auto made = response::file(std::move(*file), {.cache_control = directory->options.cache_control});
    const auto& body = request_access::file(made);
    body->root = directory->root.get();
    body->root_owner = directory;
    body->pool = directory->options.pool;
    return made;
}

} // namespace infra::http::detail
