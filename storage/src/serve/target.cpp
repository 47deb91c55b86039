#include "target.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/key.hpp>

#include <algorithm>

namespace infra::storage::serve {
namespace {

// A proxy may be sent the absolute form (RFC 9112 section 3.2.2), and so may a server.
std::string_view without_origin(std::string_view target) noexcept {
    const auto scheme = target.find("://");
    if (target.starts_with('/') || scheme == target.npos)
        return target;
    return target.substr(std::min(target.find('/', scheme + 3), target.size()));
}

std::optional<sigv4::fields> read_query(std::string_view text) {
    sigv4::fields pairs;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = encoding::percent_decode(pair.substr(0, equals));
        auto value = encoding::percent_decode(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value)
            return std::nullopt;
        pairs.emplace_back(std::move(*name), std::move(*value));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
    }
    return pairs;
}

} // namespace

std::optional<signed_target> read_target(std::string_view target, std::string_view prefix) {
    target = without_origin(target);
    if (!target.starts_with(prefix))
        return std::nullopt;
    target.remove_prefix(prefix.size());
    const auto mark = std::min(target.find('?'), target.size());
    const auto path = target.substr(0, mark);
    auto query = read_query(target.substr(std::min(mark + 1, target.size())));
    const auto decoded = encoding::percent_decode(path.substr(std::min<std::size_t>(1, path.size())));
    if (!query || !decoded || (!path.empty() && path[0] != '/'))
        return std::nullopt;
    return signed_target{std::string(path), is_key(*decoded) ? *decoded : "", std::move(*query)};
}

bool has_signature(const signed_target& of) noexcept {
    return std::any_of(of.query.begin(), of.query.end(),
                       [](const auto& pair) { return pair.first == "X-Amz-Signature"; });
}

std::string value_of(const sigv4::fields& query, std::string_view name) {
    for (const auto& [key, value] : query)
        if (key == name)
            return value;
    return {};
}

} // namespace infra::storage::serve
