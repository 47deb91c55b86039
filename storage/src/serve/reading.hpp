#pragma once

/// What a GET or HEAD of an object is answered with. Pure.

#include "../sigv4/sigv4.hpp"

#include <infra/base/http_message.hpp>
#include <infra/storage/object.hpp>

#include <cstdint>
#include <string_view>

namespace infra::storage::serve {

struct reading {
    int status = 200;
    http::headers headers{};
    std::uint64_t offset = 0;
    std::uint64_t length = 0; ///< of the body, of 200 and 206
};

/// Conditions and a range as RFC 9110 has them; `response-…` of the query instead of what is kept with the object.
reading answer_reading(const object_info& info, const http::headers& request, const sigv4::fields& query);

/// A browser would run it, in our name: HTML, SVG and other XML, scripts.
bool is_active(std::string_view content_type);

} // namespace infra::storage::serve
