#include <infra/realtime/channel.hpp>

#include <infra/base/encoding.hpp>

#include <algorithm>

namespace infra::realtime {
namespace {

bool fits(std::string_view pattern, std::string_view name) noexcept {
    if (pattern.ends_with('*'))
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == name;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

} // namespace

const channel_options& options_for(const std::vector<channel_rule>& rules, std::string_view name) noexcept {
    static const channel_options defaults{};
    const auto rule =
        std::ranges::find_if(rules, [name](const channel_rule& each) { return fits(each.pattern, name); });
    return rule == rules.end() ? defaults : rule->options;
}

bool is_channel_name(std::string_view name, std::size_t max_bytes) noexcept {
    return !name.empty() && name.size() <= max_bytes && std::ranges::none_of(name, is_control) &&
           infra::encoding::is_utf8(name);
}

} // namespace infra::realtime
