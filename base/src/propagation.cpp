#include <infra/base/propagation.hpp>

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>

#include <algorithm>
#include <optional>

namespace infra {
namespace {

constexpr std::size_t max_state_members = 32;
constexpr std::size_t max_state_bytes = 1024;
constexpr std::size_t large_state_member = 128;
constexpr std::size_t max_baggage_members = 64;
constexpr std::size_t max_baggage_bytes = 8192;
constexpr std::size_t max_carrier_bytes = 64 * 1024;

constexpr bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string_view trim(std::string_view text) noexcept {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == text.npos)
        return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Cuts the text up to the first `separator` off `rest`.
std::string_view next(std::string_view& rest, char separator) noexcept {
    const auto end = std::min(rest.find(separator), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

// --- tracestate ---

bool is_state_key(std::string_view key) noexcept {
    constexpr std::string_view more = "_-*/@";
    return !key.empty() && key.size() <= 256 && is_lower_or_digit(key.front()) &&
           std::ranges::all_of(key, [&](char c) { return is_lower_or_digit(c) || more.find(c) != more.npos; });
}

bool is_state_value(std::string_view value) noexcept {
    const auto fits = [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; };
    return !value.empty() && value.size() <= 256 && value.back() != ' ' && std::ranges::all_of(value, fits);
}

std::string_view key_of(std::string_view member) noexcept { return member.substr(0, member.find('=')); }

bool is_state_member(std::string_view member) noexcept {
    const auto equals = member.find('=');
    return equals != member.npos && is_state_key(member.substr(0, equals)) && is_state_value(member.substr(equals + 1));
}

std::size_t joined_size(const std::vector<std::string_view>& members) noexcept {
    std::size_t size = members.empty() ? 0 : members.size() - 1;
    for (const auto each : members)
        size += each.size();
    return size;
}

void shorten(std::vector<std::string_view>& members) {
    while (joined_size(members) > max_state_bytes) {
        const auto large = std::find_if(members.rbegin(), members.rend(),
                                        [](std::string_view each) { return each.size() > large_state_member; });
        members.erase(large == members.rend() ? members.end() - 1 : std::next(large).base());
    }
}

// --- baggage ---

bool is_token(std::string_view text) noexcept {
    constexpr std::string_view more = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || more.find(c) != more.npos;
    });
}

std::string decoded(std::string_view text) {
    auto value = encoding::percent_decode(text).value_or(std::string(text));
    return encoding::is_utf8(value) ? value : encoding::to_utf8(value);
}

} // namespace

std::string parse_tracestate(std::string_view text) {
    std::vector<std::string_view> members;
    for (auto rest = text; !rest.empty();) {
        const auto member = trim(next(rest, ','));
        if (member.empty())
            continue; // allowed, and worth nothing
        if (!is_state_member(member) || members.size() == max_state_members)
            return {};
        if (std::ranges::find(members, key_of(member), key_of) == members.end())
            members.push_back(member);
    }
    shorten(members);
    std::string out;
    for (const auto each : members)
        out.append(out.empty() ? "" : ",").append(each);
    return out;
}

baggage parse_baggage(std::string_view text) {
    baggage out;
    for (auto rest = text.substr(0, max_baggage_bytes); !rest.empty() && out.size() < max_baggage_members;) {
        auto value = next(rest, ',');
        if (rest.empty() && text.size() > max_baggage_bytes)
            break; // cut in the middle
        value = next(value, ';');
        const auto equals = value.find('=');
        const auto key = trim(value.substr(0, equals));
        if (equals != value.npos && is_token(key))
            out.emplace_back(key, decoded(trim(value.substr(equals + 1))));
    }
    return out;
}

std::string format_baggage(const baggage& items) {
    std::string out;
    std::size_t members = 0;
    for (const auto& [key, value] : items) {
        const auto member = key + "=" + encoding::percent_encode(value);
        if (!is_token(key) || out.size() + member.size() + 1 > max_baggage_bytes)
            continue;
        out.append(out.empty() ? "" : ",").append(member);
        if (++members == max_baggage_members)
            break;
    }
    return out;
}

context extract(const trace_headers& from, const context& under) {
    auto out = under;
    if (const auto span = parse_traceparent(from.traceparent)) {
        out = out.with_span(*span);
        if (auto state = parse_tracestate(from.tracestate); !state.empty() || !out.trace_state().empty())
            out = out.with_trace_state(std::move(state));
    }
    if (auto items = parse_baggage(from.baggage); !items.empty())
        out = out.with_baggage(std::move(items));
    return out;
}

trace_headers inject(const context& from) {
    trace_headers out;
    if (from.span().valid()) {
        out.traceparent = format_traceparent(from.span());
        out.tracestate = parse_tracestate(from.trace_state());
    }
    out.baggage = format_baggage(from.baggage());
    return out;
}

namespace {

// Most carriers hold a traceparent alone, which needs no escapes: a job's is written and read for each job.
constexpr std::string_view before_parent = "{\"traceparent\":\"", after_parent = "\"}";

bool is_plain(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return c == '-' || is_lower_or_digit(c); });
}

std::optional<std::string_view> lone_parent(std::string_view carrier) noexcept {
    if (!carrier.starts_with(before_parent) || !carrier.ends_with(after_parent) ||
        carrier.size() < before_parent.size() + after_parent.size())
        return std::nullopt;
    carrier.remove_prefix(before_parent.size());
    carrier.remove_suffix(after_parent.size());
    return is_plain(carrier) ? std::optional(carrier) : std::nullopt;
}

} // namespace

std::string to_carrier(const trace_headers& headers) {
    if (headers.tracestate.empty() && headers.baggage.empty() && !headers.traceparent.empty() &&
        is_plain(headers.traceparent)) {
        std::string text;
        text.reserve(before_parent.size() + headers.traceparent.size() + after_parent.size());
        return text.append(before_parent).append(headers.traceparent).append(after_parent);
    }
    json::object members;
    const auto put = [&members](std::string_view name, const std::string& value) {
        if (!value.empty())
            members[name] = value;
    };
    put("traceparent", headers.traceparent);
    put("tracestate", headers.tracestate);
    put("baggage", headers.baggage);
    return members.empty() ? std::string() : json::to_text(json::value(std::move(members)));
}

trace_headers from_carrier(std::string_view text) {
    if (const auto parent = lone_parent(text))
        return {.traceparent = std::string(*parent)};
    const auto read = json::parse(text, {.max_bytes = max_carrier_bytes});
    const auto* members = read ? read->if_object() : nullptr;
    if (!members)
        return {};
    const auto member = [members](std::string_view name) {
        const auto* found = members->if_contains(name);
        const auto* value = found ? found->if_string() : nullptr;
        return value ? std::string(*value) : std::string();
    };
    return {.traceparent = member("traceparent"), .tracestate = member("tracestate"), .baggage = member("baggage")};
}

} // namespace infra
