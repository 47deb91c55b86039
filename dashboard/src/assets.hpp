#pragma once

// The pages, as the build made them (web/build.mjs).

#include <cstddef>
#include <span>
#include <string_view>

namespace infra::dashboard {

struct asset {
    std::string_view name; ///< "index.html", or one with a hash of its content in it: "main-4F2A….js"
    std::string_view content_type;
    std::string_view tag;    ///< of its content, 16 hex digits
    std::size_t size;        ///< unpacked
    std::string_view packed; ///< gzip
};

std::span<const asset> assets() noexcept;

} // namespace infra::dashboard
