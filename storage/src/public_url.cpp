#include "public_url.hpp"

namespace infra::storage {

std::string public_url_from(const environment& variables) {
    if (auto url = variables.get("STORAGE_PUBLIC_URL"))
        return *std::move(url);
    auto host = variables.get_or("HOST", "127.0.0.1");
    if (host == "0.0.0.0") // listens on all, is reached by one
        host = "127.0.0.1";
    if (host == "::")
        host = "::1";
    if (host.find(':') != std::string::npos)
        host = "[" + host + "]";
    return "http://" + host + ":" + std::to_string(variables.integer("PORT", 3000, 0, 65535)) + "/storage";
}

} // namespace infra::storage
