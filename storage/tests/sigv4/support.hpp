#pragma once

#include "src/sigv4/sigv4.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace infra::storage::sigv4 {

/// The pairs of a query.
inline fields decoded(std::string_view query) {
    fields pairs;
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        const auto equals = std::min(pair.find('='), pair.size());
        pairs.emplace_back(*encoding::percent_decode(pair.substr(0, equals)),
                           *encoding::percent_decode(pair.substr(std::min(equals + 1, pair.size()))));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
    }
    return pairs;
}

/// What a client sends that uses the URL.
inline request request_of(std::string_view url, std::string method = "GET", fields headers = {}) {
    const auto authority = url.find("://") + 3, path = url.find('/', authority), query = url.find('?');
    headers.emplace_back("Host", url.substr(authority, path - authority));
    return {.method = std::move(method),
            .path = std::string(url.substr(path, query - path)),
            .query = decoded(url.substr(query + 1)),
            .headers = std::move(headers)};
}

inline void set(fields& in, std::string_view name, const std::string& value) {
    for (auto& [key, old] : in)
        if (key == name)
            old = value;
}

inline void drop(fields& from, std::string_view name) {
    std::erase_if(from, [&](const auto& pair) { return pair.first == name; });
}

} // namespace infra::storage::sigv4
