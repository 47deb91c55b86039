#include "exposition.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <algorithm>
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

// OpenMetrics wants bounds that are floats to the eye: 1.0, not 1.
void append_bound(std::string& out, double n, bool as_float) {
    const auto begin = out.size();
    append_number(out, n);
    if (as_float && out.find_first_not_of("-0123456789", begin) == std::string::npos)
        out += ".0";
}

void append_help(std::string& out, std::string_view text, bool quotes_too) {
    for (const char c : text)
        switch (c) {
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '"': out += quotes_too ? "\\\"" : "\""; break;
        default: out += c;
        }
}

/// Where the two formats differ: OpenMetrics calls a counter's family by its name without _total, tells units, writes
/// bounds as floats, may add exemplars and says where it ends.
class writer {
public:
    writer(bool open, std::size_t size_hint) : open_(open) { out_.reserve(size_hint + size_hint / 8); }

    void write(const family_snapshot& f) {
        head(f);
        for (std::size_t i = 0; i < f.samples.size(); ++i) {
            if (f.type == metric_type::histogram)
                histogram(f, i);
            else
                number(f, i);
        }
    }

    std::string finish() && {
        if (open_)
            out_ += "# EOF\n";
        return std::move(out_);
    }

private:
    std::string_view family_name(const family_snapshot& f) const noexcept {
        std::string_view name = f.exposed.name;
        if (open_ && f.type == metric_type::counter)
            name.remove_suffix(std::string_view("_total").size());
        return name;
    }

    void head(const family_snapshot& f) {
        const auto name = family_name(f);
        const auto type = [&] {
            out_.append("# TYPE ").append(name).append(" ");
            out_.append(boost::describe::enum_to_string(f.type, "untyped")).append("\n");
        };
        if (open_)
            type();
        for (const std::string_view unit : {"seconds", "bytes", "ratio"})
            if (open_ && name.ends_with(unit) && name.size() > unit.size() &&
                name[name.size() - unit.size() - 1] == '_')
                out_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
        out_.append("# HELP ").append(name).append(" ");
        append_help(out_, f.help, open_);
        out_ += '\n';
        if (!open_)
            type();
    }

    // `name_suffix{labels,more} value`, without the end of the line
    void sample_of(std::string_view name, std::string_view suffix, std::string_view labels, std::string_view more,
                   double value) {
        out_.append(name).append(suffix);
        if (!labels.empty() || !more.empty()) {
            out_.append("{").append(labels);
            if (!labels.empty() && !more.empty())
                out_ += ',';
            out_.append(more).append("}");
        }
        out_ += ' ';
        append_number(out_, value);
    }

    void line(std::string_view name, std::string_view suffix, std::string_view labels, std::string_view more,
              double value) {
        sample_of(name, suffix, labels, more, value);
        out_ += '\n';
    }

    void number(const family_snapshot& f, std::size_t i) {
        sample_of(f.exposed.name, {}, f.samples[i].labels, {}, f.exposed.value(f.samples[i].value));
        example(f, i, 0);
        out_ += '\n';
    }

    void histogram(const family_snapshot& f, std::size_t i) {
        const auto& d = f.distributions[i];
        const auto labels = f.samples[i].labels;
        std::uint64_t below = 0;
        for (std::size_t b = 0; b < d.buckets.size(); ++b) {
            below += d.buckets[b];
            bound_ = "le=\"";
            append_bound(bound_, b < d.bounds.size() ? f.exposed.value(d.bounds[b]) : HUGE_VAL, open_);
            bound_ += '"';
            sample_of(f.exposed.name, "_bucket", labels, bound_, static_cast<double>(below));
            example(f, i, b);
            out_ += '\n';
        }
        // By OpenMetrics' rules a sum that may fall is none, and there is no count without a sum.
        const double sum = f.exposed.value(d.sum);
        if (open_ && !(sum >= 0 && (d.bounds.empty() || d.bounds.front() >= 0)))
            return;
        line(f.exposed.name, "_sum", labels, {}, sum);
        line(f.exposed.name, "_count", labels, {}, static_cast<double>(d.count));
    }

    void example(const family_snapshot& f, std::size_t i, std::size_t bucket) {
        const auto all = f.exemplars_of(i);
        if (!open_ || all.empty() || !all[bucket].trace)
            return;
        const auto& e = all[bucket];
        const auto trace = to_hex(e.trace);
        const auto span = to_hex(e.span);
        out_.append(" # {trace_id=\"").append(trace.data(), trace.size());
        out_.append("\",span_id=\"").append(span.data(), span.size()).append("\"} ");
        append_number(out_, f.exposed.value(e.value));
        out_ += ' ';
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(e.time.time_since_epoch()).count();
        append_number(out_, static_cast<double>(ms) / 1000);
    }

    bool open_;
    std::string out_;
    std::string bound_;
};

std::string write(std::span<const family_snapshot> families, bool open, std::size_t size_hint) {
    writer w(open, size_hint);
    for (const auto& f : families)
        w.write(f);
    return std::move(w).finish();
}

} // namespace

metric_family as_family(family_snapshot from) {
    metric_family out{.name = std::move(from.exposed.name), .type = from.type, .help = std::move(from.help)};
    const auto exposed = [&from](double v) { return from.exposed.value(v); };
    for (std::size_t i = 0; i < from.samples.size(); ++i) {
        const auto& s = from.samples[i];
        auto& point = out.points.emplace_back(metric_point{.value = exposed(s.value), .since = s.since});
        if (s.named)
            point.labels = *s.named;
        for (const auto& each : from.exemplars_of(i))
            if (each.trace)
                point.exemplars.push_back({each.trace, each.span, exposed(each.value), each.time});
        if (from.type != metric_type::histogram)
            continue;
        point.distribution = std::move(from.distributions[i]);
        point.distribution.sum = exposed(point.distribution.sum);
        std::ranges::transform(point.distribution.bounds, point.distribution.bounds.begin(), exposed);
    }
    return out;
}

std::string to_text(std::span<const family_snapshot> families, std::size_t size_hint) {
    return write(families, false, size_hint);
}

std::string to_openmetrics(std::span<const family_snapshot> families, std::size_t size_hint) {
    return write(families, true, size_hint);
}

} // namespace infra::monitoring::detail
