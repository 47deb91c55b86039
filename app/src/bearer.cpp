#include "bearer.hpp"

#include <utility>

namespace infra::app {

bool same_secret(std::string_view given, std::string_view expected) noexcept {
    unsigned char difference = given.size() == expected.size() && !expected.empty() ? 0 : 1;
    for (std::size_t i = 0; i < given.size() && !expected.empty(); ++i)
        difference |= static_cast<unsigned char>(given[i] ^ expected[i % expected.size()]);
    return difference == 0;
}

std::function<bool(const http::request&)> with_token(std::string token) {
    return [token = std::move(token)](const http::request& req) {
        constexpr std::string_view scheme = "Bearer ";
        const auto given = req.header("authorization");
        return given.starts_with(scheme) && same_secret(given.substr(scheme.size()), token);
    };
}

} // namespace infra::app
