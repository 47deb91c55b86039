#include "exposition.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace infra::monitoring::detail {
namespace {

constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Cuts the text up to the first `separator` off `rest`.
std::string_view next(std::string_view& rest, char separator) noexcept {
    const auto end = std::min(rest.find(separator), rest.size());
    const auto part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return trim(part);
}

bool same(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view unquoted(std::string_view text) noexcept {
    return text.size() >= 2 && text.front() == '"' && text.back() == '"' ? text.substr(1, text.size() - 2) : text;
}

/// What no quality is stands for none: such an element is not understood.
double quality(std::string_view text) noexcept {
    double q = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), q, std::chars_format::fixed);
    return problem == std::errc{} && end == text.data() + text.size() && q >= 0 && q <= 1 ? q : 0;
}

/// One element of an Accept or Accept-Encoding header: `text/plain;version=0.0.4;q=0.5`
struct preference {
    std::string_view range;
    std::string_view version{};
    double q = 1;
};

preference read(std::string_view element) noexcept {
    preference p{.range = next(element, ';')};
    while (!element.empty()) {
        auto parameter = next(element, ';');
        const auto name = next(parameter, '=');
        if (same(name, "q"))
            p.q = quality(trim(parameter));
        else if (same(name, "version"))
            p.version = unquoted(trim(parameter));
    }
    return p;
}

std::optional<exposition_format> named_by(const preference& p) noexcept {
    if (same(p.range, "application/openmetrics-text")) {
        if (p.version.empty() || p.version == "1.0.0")
            return exposition_format::openmetrics;
        if (p.version == "0.0.1")
            return exposition_format::openmetrics0;
    }
    const bool plain = same(p.range, "text/plain") && (p.version.empty() || p.version == "0.0.4");
    if (plain || same(p.range, "text/*") || same(p.range, "*/*"))
        return exposition_format::text;
    return std::nullopt;
}

} // namespace

// A wildcard asks for our plainest form: who wants OpenMetrics says so.
exposition_format choose_format(std::string_view accept) noexcept {
    auto chosen = exposition_format::text;
    double best = 0;
    while (!accept.empty()) {
        const auto p = read(next(accept, ','));
        const auto format = named_by(p);
        if (!format || p.q <= 0)
            continue;
        const bool newer = *format != exposition_format::text && chosen == exposition_format::text;
        if (p.q > best || (p.q == best && newer)) {
            best = p.q;
            chosen = *format;
        }
    }
    return chosen;
}

bool takes_gzip(std::string_view accept_encoding) noexcept {
    std::optional<double> named, any;
    while (!accept_encoding.empty()) {
        const auto p = read(next(accept_encoding, ','));
        if (same(p.range, "gzip") || same(p.range, "x-gzip"))
            named = p.q;
        else if (p.range == "*")
            any = p.q;
    }
    return named.value_or(any.value_or(0)) > 0;
}

std::string_view content_type(exposition_format format) noexcept {
    switch (format) {
    case exposition_format::text: break;
    case exposition_format::openmetrics: return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case exposition_format::openmetrics0: return "application/openmetrics-text; version=0.0.1; charset=utf-8";
    }
    return "text/plain; version=0.0.4; charset=utf-8";
}

} // namespace infra::monitoring::detail
