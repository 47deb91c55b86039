#pragma once

/// Requests that are nearly right.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace infra::http {

/// `bytes` with one to four changes of the kind that confuses parsers. Never empty.
inline std::string mutated(std::string bytes, std::mt19937& random) {
    using namespace std::string_view_literals;
    static constexpr std::string_view spices[] = {
        "\r\n", "\0"sv,     ":",  " ",  "\t", "%", "chunked", "0",         "-1",
        "\xff", "HTTP/1.1", "\r", "\n", ";",  ",", "\r\n ",   "0\r\n\r\n", "Content-Length: 5\r\n"};
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
        const auto at = below(bytes.size());
        switch (below(5)) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes.erase(at, 1 + below(4)); break;
        case 2: bytes.insert(at, spices[below(std::size(spices))]); break;
        case 3: bytes.insert(at, bytes.substr(below(bytes.size()), below(40))); break;
        default: bytes.resize(std::max<std::size_t>(at, 1)); break;
        }
        if (bytes.empty())
            bytes = "G";
    }
    return bytes;
}

} // namespace infra::http
