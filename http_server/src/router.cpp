#include "message_access.hpp"
#include "static_files.hpp"

#include <stdexcept>

namespace infra::http {

router::router() : table_(std::make_shared<detail::route_table>()) {}

router router::group(std::string_view prefix) const {
    if (!prefix.starts_with('/') || prefix.ends_with('/'))
        throw std::invalid_argument("http::router::group: the prefix must begin, and must not end, with '/'");
    auto part = *this;
    part.prefix_ += prefix;
    return part;
}

router& router::add(method m, std::string_view pattern, detail::handler h) {
    table_->add({.method = m, .pattern = prefix_ + std::string(pattern), .guards = guards_, .handler = std::move(h)});
    return *this;
}

router& router::add_any(std::string_view pattern, detail::handler h) {
    for (const auto m : {method::get, method::post, method::put, method::patch, method::delete_, method::options})
        add(m, pattern, h);
    return *this;
}

router& router::add_upgrade(std::string_view pattern, detail::upgrade_handler h) {
    table_->add(
        {.method = method::get, .pattern = prefix_ + std::string(pattern), .guards = guards_, .upgrade = std::move(h)});
    return *this;
}

router& router::files(std::string_view prefix, static_files options) {
    const auto mounted = detail::mount(std::move(options));
    return get(std::string(prefix) + "/{path...}",
               [mounted](const request& req) { return detail::respond_from(mounted, req.param("path")); });
}

} // namespace infra::http
