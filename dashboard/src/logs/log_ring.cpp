#include "log_ring.hpp"

#include <infra/base/error.hpp>

#include <algorithm>
#include <cstring>

namespace infra::dashboard {
namespace {

using logging::record_field;
using logging::record_view;
using kind = field_value::kind;

constexpr std::size_t longest_name = 1024; // of modules, keys and files

// Before the texts of a line; its size stands behind them once more, to go backwards.
struct head {
    std::uint32_t size;
    std::uint32_t message;
    std::int64_t time;
    std::uint64_t trace_high, trace_low, span;
    std::uint64_t sequence;
    std::uint32_t source_line;
    std::uint32_t left_out;
    std::uint16_t module, file, fields;
    std::uint8_t severity;
    bool cut;
};

// Before the key and the text of a field.
struct field_head {
    std::uint64_t value; // its bits; of a text how long it is
    std::uint16_t key;
    std::uint8_t type;
    bool is_json;
};

template <class T>
void copy_to(char*& to, const T& from) noexcept {
    std::memcpy(to, &from, sizeof from);
    to += sizeof from;
}
void copy_to(char*& to, std::string_view text) noexcept {
    if (!text.empty())
        std::memcpy(to, text.data(), text.size());
    to += text.size();
}

template <class T>
T read_at(const char* from) noexcept {
    T out;
    std::memcpy(&out, from, sizeof out);
    return out;
}

std::string_view take(std::string_view& rest, std::size_t size) noexcept {
    const auto taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
}

bool is_text(const field_value& v) noexcept { return v.type() == kind::text; }

std::uint64_t bits_of(const field_value& v) noexcept {
    switch (v.type()) {
    case kind::boolean: return v.boolean();
    case kind::signed_integer: return static_cast<std::uint64_t>(v.signed_integer());
    case kind::unsigned_integer: return v.unsigned_integer();
    case kind::floating: return std::bit_cast<std::uint64_t>(v.floating());
    case kind::duration: return std::bit_cast<std::uint64_t>(v.milliseconds());
    case kind::time: return static_cast<std::uint64_t>(v.time().time_since_epoch().count());
    default: return 0;
    }
}

field_value value_of(kind type, std::uint64_t bits, const std::string_view& text [[clang::lifetimebound]]) noexcept {
    using milliseconds = std::chrono::duration<double, std::milli>;
    switch (type) {
    case kind::boolean: return bits != 0;
    case kind::signed_integer: return static_cast<std::int64_t>(bits);
    case kind::unsigned_integer: return bits;
    case kind::floating: return std::bit_cast<double>(bits);
    case kind::duration: return milliseconds(std::bit_cast<double>(bits));
    case kind::time: return wall_time(std::chrono::nanoseconds(static_cast<std::int64_t>(bits)));
    case kind::text: return text;
    default: return nullptr;
    }
}

// How much of a line is kept, decided before anything is copied.
struct measure {
    std::string_view module, message, file;
    std::size_t fields = 0; // so many of the first
    std::size_t size = sizeof(head) + sizeof(std::uint32_t);
    bool cut = false;

    explicit measure(const record_view& r) noexcept
        : module(r.module.substr(0, longest_name)),
          message(r.message.substr(0, log_ring::longest_line)),
          file(r.where.line ? r.where.file.substr(r.where.file.size() - std::min(r.where.file.size(), longest_name))
                            : std::string_view()) {
        size += module.size() + message.size() + file.size();
        cut = message.size() < r.message.size();
        for (const auto& each : r.fields) {
            const auto more = sizeof(field_head) + std::min(each.key.size(), longest_name) +
                              (is_text(each.value) ? each.value.text().size() : 0);
            if (size + more > sizeof(head) + 2 * log_ring::longest_line || fields == 0xFFFF)
                break;
            size += more;
            ++fields;
        }
    }
};

void copy_field(char*& to, const record_field& f) noexcept {
    const auto key = f.key.substr(0, longest_name);
    const auto text = is_text(f.value) ? f.value.text() : std::string_view();
    copy_to(to, field_head{.value = is_text(f.value) ? text.size() : bits_of(f.value),
                           .key = static_cast<std::uint16_t>(key.size()),
                           .type = static_cast<std::uint8_t>(f.value.type()),
                           .is_json = f.is_json});
    copy_to(to, key);
    copy_to(to, text);
}

void copy_line(char* to, const record_view& r, const measure& m) noexcept {
    copy_to(to, head{.size = static_cast<std::uint32_t>(m.size),
                     .message = static_cast<std::uint32_t>(m.message.size()),
                     .time = r.time.time_since_epoch().count(),
                     .trace_high = r.span.trace.high,
                     .trace_low = r.span.trace.low,
                     .span = r.span.span.value,
                     .sequence = r.sequence,
                     .source_line = r.where.line,
                     .left_out = static_cast<std::uint32_t>(r.left_out + (r.fields.size() - m.fields)),
                     .module = static_cast<std::uint16_t>(m.module.size()),
                     .file = static_cast<std::uint16_t>(m.file.size()),
                     .fields = static_cast<std::uint16_t>(m.fields),
                     .severity = static_cast<std::uint8_t>(r.severity),
                     .cut = m.cut});
    copy_to(to, m.module);
    copy_to(to, m.message);
    copy_to(to, m.file);
    for (const auto& each : r.fields.first(m.fields))
        copy_field(to, each);
    copy_to(to, static_cast<std::uint32_t>(m.size));
}

} // namespace

bool kept_fields::next(record_field& into) noexcept {
    if (left_ == 0)
        return false;
    --left_;
    const auto of = read_at<field_head>(rest_.data());
    rest_.remove_prefix(sizeof of);
    into.key = take(rest_, of.key);
    const auto type = static_cast<kind>(of.type);
    const auto text = type == kind::text ? take(rest_, of.value) : std::string_view();
    into.value = value_of(type, of.value, text);
    into.is_json = of.is_json;
    return true;
}

std::size_t log_view::segment::begin_of(std::size_t end) const noexcept {
    return end - read_at<std::uint32_t>(bytes.get() + end - sizeof(std::uint32_t));
}

std::size_t log_view::segment::end_of(std::size_t begin) const noexcept {
    return begin + read_at<head>(bytes.get() + begin).size;
}

kept_line log_view::segment::read(std::size_t at, std::uint64_t id) const noexcept {
    const auto of = read_at<head>(bytes.get() + at);
    std::string_view rest(bytes.get() + at + sizeof of, of.size - sizeof of - sizeof(std::uint32_t));
    kept_line line{.id = id,
                   .time = wall_time(std::chrono::nanoseconds(of.time)),
                   .severity = static_cast<level>(of.severity),
                   .module = take(rest, of.module),
                   .message = take(rest, of.message),
                   .trace = {of.trace_high, of.trace_low},
                   .span = {of.span},
                   .sequence = of.sequence,
                   .left_out = of.left_out,
                   .cut = of.cut,
                   .field_count = of.fields};
    line.where = {take(rest, of.file), of.source_line};
    line.encoded = rest;
    return line;
}

std::uint64_t log_view::first() const noexcept { return empty() ? 0 : segments_.front().first; }
std::uint64_t log_view::last() const noexcept {
    return empty() ? 0 : segments_.back().first + segments_.back().lines - 1;
}
wall_time log_view::since() const noexcept {
    return empty() ? wall_time() : segments_.front().read(0, segments_.front().first).time;
}
std::size_t log_view::bytes() const noexcept {
    std::size_t sum = 0;
    for (const auto& each : segments_)
        sum += each.used;
    return sum;
}

log_ring::log_ring(std::size_t max_bytes)
    : max_bytes_(std::max<std::size_t>(max_bytes, 16 * 1024)),
      segment_bytes_(std::min<std::size_t>(max_bytes_ / 16, 64 * 1024)) {}

logging::record_sink::outcome log_ring::write(std::span<const record_view> records) noexcept {
    outcome result;
    try {
        for (const auto& each : records) {
            put(each);
            ++result.taken;
        }
    } catch (...) {
        result.failure = code_of(std::current_exception());
    }
    publish();
    return result;
}

void log_ring::put(const record_view& r) {
    const measure m(r);
    if (writing_room_ - used_ < m.size) {
        publish();
        begin_segment(m.size);
    }
    copy_line(writing_.get() + used_, r, m);
    used_ += m.size;
    ++lines_;
    ++next_id_;
}

void log_ring::begin_segment(std::size_t at_least) {
    const auto room = std::max(segment_bytes_, at_least);
    const std::shared_ptr<char[]> fresh(new char[room]); // not std::make_shared, which would write zeros into all of it
    const std::scoped_lock lock(mutex_);
    while (!segments_.empty() && bytes_ + room > max_bytes_) {
        bytes_ -= segments_.front().room;
        segments_.pop_front();
    }
    segments_.push_back({.bytes = fresh, .room = room, .first = next_id_});
    bytes_ += room;
    writing_ = fresh;
    writing_room_ = room;
    used_ = lines_ = 0;
}

void log_ring::publish() noexcept {
    const std::scoped_lock lock(mutex_);
    if (segments_.empty())
        return;
    segments_.back().used = used_;
    segments_.back().lines = lines_;
}

log_view log_ring::look() const {
    log_view out;
    const std::scoped_lock lock(mutex_);
    for (const auto& each : segments_)
        if (each.lines > 0)
            out.segments_.push_back(each);
    return out;
}

std::uint64_t log_ring::newest() const noexcept {
    const std::scoped_lock lock(mutex_);
    return segments_.empty() ? 0 : segments_.back().first + segments_.back().lines - 1;
}

} // namespace infra::dashboard
