#include "registry.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace infra::monitoring::detail {
namespace {

// As Go's ParseFloat reads it; whole numbers in plain digits.
void append_number(std::string& out, double n) {
    if (std::isnan(n)) {
        out += "NaN";
    } else if (std::isinf(n)) {
        out += n > 0 ? "+Inf" : "-Inf";
    } else {
        std::array<char, 32> digits;
        auto* const end = digits.data() + digits.size();
        const bool whole = std::trunc(n) == n && std::abs(n) < 0x1p53;
        const auto written = whole ? std::to_chars(digits.data(), end, static_cast<std::int64_t>(n))
                                   : std::to_chars(digits.data(), end, n);
        out.append(digits.data(), written.ptr);
    }
}

void append_head(std::string& out, const family_snapshot& f) {
    out.append("# HELP ").append(f.exposed.name).append(" ");
    for (const char c : f.help)
        switch (c) {
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        default: out += c;
        }
    out.append("\n# TYPE ").append(f.exposed.name).append(" ");
    out.append(boost::describe::enum_to_string(f.type, "untyped")).append("\n");
}

// `name_suffix{labels,more} value`
void append_sample(std::string& out, const family_snapshot& f, std::string_view suffix, std::string_view labels,
                   std::string_view more, double value) {
    out.append(f.exposed.name).append(suffix);
    if (!labels.empty() || !more.empty()) {
        out.append("{").append(labels);
        if (!labels.empty() && !more.empty())
            out += ',';
        out.append(more).append("}");
    }
    out += ' ';
    append_number(out, value);
    out += '\n';
}

void append_histogram(std::string& out, const family_snapshot& f, const sample& s) {
    std::uint64_t below = 0;
    std::string bound;
    for (std::size_t i = 0; i < s.distribution.buckets.size(); ++i) {
        below += s.distribution.buckets[i];
        bound = "le=\"";
        append_number(bound, i < s.distribution.bounds.size() ? f.exposed.value(s.distribution.bounds[i]) : HUGE_VAL);
        bound += '"';
        append_sample(out, f, "_bucket", s.labels, bound, static_cast<double>(below));
    }
    append_sample(out, f, "_sum", s.labels, {}, f.exposed.value(s.distribution.sum));
    append_sample(out, f, "_count", s.labels, {}, static_cast<double>(s.distribution.count));
}

} // namespace

std::string to_text(std::span<const family_snapshot> families) {
    std::string out;
    for (const auto& f : families) {
        append_head(out, f);
        for (const auto& s : f.samples) {
            if (f.type == metric_type::histogram)
                append_histogram(out, f, s);
            else
                append_sample(out, f, {}, s.labels, {}, f.exposed.value(s.value));
        }
    }
    return out;
}

} // namespace infra::monitoring::detail
