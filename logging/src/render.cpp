#include "render.hpp"

#include "json_text.hpp"
#include "line_fields.hpp"

namespace infra::logging {
namespace {

struct palette {
    std::string_view dim, reset;
    std::string_view of_level;
};

palette palette_for(level l, bool colours) noexcept {
    static constexpr std::string_view of_level[] = {"\x1b[90m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};
    return colours ? palette{"\x1b[2m", "\x1b[0m", of_level[static_cast<std::size_t>(l)]} : palette{};
}

void append_pretty_head(line_buffer& out, const line& l, const palette& p) {
    static constexpr std::string_view names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    out.append(p.dim);
    out.append(l.time.substr(11, 12));
    out.append(p.reset);
    out.append(' ');
    out.append(p.of_level);
    out.append(names[static_cast<std::size_t>(l.severity)]);
    out.append(p.reset);
    out.append(' ');
    if (!l.module.empty()) {
        out.append('(');
        append_escaped(out, l.module);
        out.append(") ");
    }
    append_escaped(out, l.message, quotes::kept);
}

struct pretty_members {
    line_buffer& out;
    const palette& colours;

    template <class Append>
    void key(Append append) const {
        out.append(' ');
        out.append(colours.dim);
        append();
        out.append('=');
        out.append(colours.reset);
    }
    void key(std::string_view k) const {
        key([&] { append_key(out, k); });
    }
    /// One of the record's own, whose name no field may have.
    void own(std::string_view k, std::string_view text) const {
        key([&] { out.append(k); });
        out.append(text);
    }
    void operator()(std::string_view k, const field_value& v) const {
        key(k);
        append_value(out, v);
    }
    void operator()(std::string_view k, std::string_view json) const {
        key(k);
        out.append(json);
    }
};

} // namespace

std::string_view time_text::of(wall_time t) noexcept {
    using namespace std::chrono;
    if (t >= millisecond_ && t - millisecond_ < 1ms)
        return {text_.data(), text_.size()};
    if (t < second_ || t - second_ >= 1s) {
        second_ = floor<seconds>(t);
        text_ = format_rfc3339(second_);
    }
    millisecond_ = floor<milliseconds>(t);
    const auto ms = static_cast<unsigned>((millisecond_ - second_).count() / 1'000'000);
    text_[20] = static_cast<char>('0' + ms / 100);
    text_[21] = static_cast<char>('0' + ms / 10 % 10);
    text_[22] = static_cast<char>('0' + ms % 10);
    return {text_.data(), text_.size()};
}

void append_pretty_line(line_buffer& out, const line& l, bool colours) {
    const auto p = palette_for(l.severity, colours);
    append_pretty_head(out, l, p);
    const pretty_members member{out, p};
    for_each_field(l, member);
    if (l.span.valid())
        member.own("trace_id", hex_view(to_hex(l.span.trace)));
    out.append('\n');
}

} // namespace infra::logging
