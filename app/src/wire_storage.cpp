#include "storage_sweep.hpp"
#include "wiring.hpp"

#include <infra/storage/serve.hpp>

#include <utility>

namespace infra::app {
namespace {

// A wrong one is told by wire_http.
std::uint16_t port_or_none(wiring& w) {
    try {
        return port_of(w);
    } catch (const error& e) {
        if (e.code() != errc::misconfigured)
            throw;
        return 0;
    }
}

// Signed URLs of our own lead to where this service listens.
environment with_address(wiring& w) {
    auto values = w.env.all();
    if (w.options.host)
        values.insert_or_assign("HOST", *w.options.host);
    values.insert_or_assign("PORT", std::to_string(port_or_none(w)));
    return environment(std::move(values));
}

// A service that never asked for storage has to start in a directory where nothing can be written, too.
std::optional<storage::storage> opened(const wiring& w, const environment& variables) {
    try {
        return storage::storage_from(variables, w.options.storage);
    } catch (const error& e) {
        if (e.code() != errc::io)
            throw;
        if (!w.options.storage.url.empty() || variables.has("STORAGE_URL"))
            throw error(errc::misconfigured, e.what());
        logging::warn("there is no storage", {{"error", e}});
        return std::nullopt;
    }
}

bool is_served_here(const storage::storage& files) {
    const auto kind = files.bucket()->name();
    return kind == "file" || kind == "memory";
}

} // namespace

std::string storage_route(const environment& variables) {
    const auto url = variables.get("STORAGE_PUBLIC_URL");
    if (!url)
        return "/storage";
    const auto host = url->find("://");
    const auto path = host == std::string::npos ? host : url->find('/', host + 3);
    auto route = path == std::string::npos ? "" : url->substr(path);
    while (route.ends_with('/'))
        route.pop_back();
    if (route.empty() || route.find_first_of("?#") != std::string::npos)
        throw error(errc::misconfigured,
                    "STORAGE_PUBLIC_URL: expected a URL with a path of its own for objects, such as "
                    "https://shop.example/storage");
    return route;
}

void wire_storage(wiring& w) {
    const auto variables = with_address(w);
    const auto files = opened(w, variables);
    if (!files)
        return;
    w.chosen.push_back({.module = "storage", .backend = files->description()});
    storage::set_default_storage(*files);
    health::register_health_check("storage", storage_check(*files),
                                  {.timeout = std::chrono::milliseconds(700), // within that of a report
                                   .critical = false,
                                   .cache_for = std::chrono::seconds(10)}); // a question may cost money
    if (is_served_here(*files))
        storage::add_signed_urls(w.routes, *files, storage_route(variables));
    if (files->bucket()->name() == "file" && w.options.storage_sweep > std::chrono::milliseconds(0))
        w.parts.push_back(storage_sweep(*files, w.options.storage_sweep));
}

} // namespace infra::app
