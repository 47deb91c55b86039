#include "names.hpp"

namespace infra::realtime::over_redis {
namespace {

// Empty braces decide nothing, and a name that begins with `}` would make some.
std::string_view opening_of(std::string_view name) { return name.starts_with('}') ? ":={=" : ":{"; }

std::optional<std::string> between(std::string_view text, std::string_view opening) {
    if (!text.starts_with(opening) || !text.ends_with('}'))
        return std::nullopt;
    const auto name = text.substr(opening.size(), text.size() - opening.size() - 1);
    return opening_of(name) == opening && !name.empty() ? std::optional(std::string(name)) : std::nullopt;
}

} // namespace

std::string names::channel(std::string_view name) const {
    std::string out = prefix_;
    out += opening_of(name);
    out += name;
    out += '}';
    return out;
}

std::optional<std::string> names::name_of(std::string_view channel) const {
    if (!channel.starts_with(prefix_))
        return std::nullopt;
    const auto rest = channel.substr(prefix_.size());
    auto found = between(rest, ":{");
    return found ? found : between(rest, ":={=");
}

} // namespace infra::realtime::over_redis
