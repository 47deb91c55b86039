#include "recovery.hpp"

#include "json_text.hpp"
#include "record.hpp"

#include <infra/base/json.hpp>

#include <algorithm>
#include <deque>
#include <new>
#include <optional>
#include <string>

namespace infra::logging::detail {
namespace {

constexpr std::size_t bytes_a_write = 64 * 1024;
constexpr std::size_t kept_memory = 256 * 1024;

// --- finding ---

/// The records of one ring. What the positions and sizes say is believed only where it can be true.
class left_ring {
public:
    explicit left_ring(std::span<char> data, std::uint64_t begin, std::uint64_t end) noexcept
        : data_(data), at_(begin), end_(end), is_torn_(end - begin > data.size() || begin % 8 != 0 || end % 8 != 0) {}

    bool is_torn() const noexcept { return is_torn_; }

    /// Empty at the end, and from where the ring is torn.
    std::span<char> next() noexcept {
        if (is_torn_ || at_ == end_)
            return {};
        auto found = rest();
        if (ring::size_of(found.data()) == ring::wrap_mark) {
            at_ += found.size();
            is_torn_ = at_ >= end_;
            found = rest();
        }
        const std::size_t size = ring::size_of(found.data());
        is_torn_ = is_torn_ || size < sizeof(record_head) || size % 8 != 0 || size > found.size() || size > end_ - at_;
        if (is_torn_)
            return {};
        at_ += size;
        return found.first(size);
    }

private:
    /// Up to the end of the memory: at least 8 bytes.
    std::span<char> rest() const noexcept { return data_.subspan(static_cast<std::size_t>(at_ & (data_.size() - 1))); }

    const std::span<char> data_;
    std::uint64_t at_;
    const std::uint64_t end_;
    bool is_torn_;
};

void take(left_behind& into, left_ring from, std::uint64_t handed_over) {
    for (auto bytes = from.next(); !bytes.empty(); bytes = from.next()) {
        const auto head = head_of(bytes.data());
        const bool is_ours_to_write = (head.parts & has_origin) && !(head.parts & is_elsewhere) &&
                                      bytes.size() >= sizeof(record_head) + wire::number_size;
        if (!is_ours_to_write) // a line too long for the ring was written before its call returned, or the call did not
            continue;
        const auto number = number_of({bytes.data(), bytes.size()});
        const bool is_given = number != 0 && number <= into.next_number; // it is taken a moment after the record has it
        if (number == into.next_number)
            into.next_number = number + 1;
        if (!is_given)
            into.unwritten.push_back({0, head.time, into.unwritten.size(), bytes});
        else if (number > handed_over)
            into.doubtful.push_back({number, head.time, 0, bytes});
    }
    into.torn_rings += from.is_torn();
}

// --- making lines ---

/// Text that was JSON when it was written; after a power cut it may be anything.
bool is_json(std::string_view text) { return json::parse(text, {.max_bytes = longest_record}).has_value(); }

rendered_fields with_valid_values(rendered_fields fields) {
    const auto& items = fields.items();
    if (std::ranges::all_of(items, [](const auto& each) { return is_json(each.value); }))
        return fields;
    rendered_fields valid;
    for (const auto& each : items) {
        line_buffer as_text;
        append_string(as_text, each.value);
        valid.add(each.key, is_json(each.value) ? each.value : std::string(as_text.view()));
    }
    return valid;
}

class foreign_lines {
public:
    explicit foreign_lines(const tick_rate& rate) noexcept : rate_(rate) {}

    /// Valid until forget(); none if the record is none.
    std::optional<line> read(const left_record& from) {
        if (!read_foreign_record({from.bytes.data(), from.bytes.size()}, record_))
            return std::nullopt;
        auto logger = read_logger(record_.origin.logger);
        if (!logger && !record_.origin.logger.empty())
            return std::nullopt;
        auto& of_logger = loggers_.emplace_back(logger ? std::move(*logger) : logger_read_back{});
        of_logger.fields = with_valid_values(std::move(of_logger.fields));
        for (auto& f : record_.fields)
            f.is_json = f.is_json && is_json(f.value.text());
        const auto left_out = record_.head.field_count - record_.fields.size();
        add_source(of_logger.fields);
        const auto at = rate_.of(record_.head.time);
        return line{.time = time_text_.of(at),
                    .at = at,
                    .severity = record_.head.severity,
                    .module = logger ? of_logger.module : record_.module,
                    .message = record_.message,
                    .fields = record_.fields,
                    .left_out = left_out,
                    .span = record_.span,
                    .sequence = from.number,
                    .request_id = record_.request_id,
                    .of_logger = of_logger.fields};
    }

    void forget() {
        loggers_.clear();
        sources_.clear();
    }

private:
    // Of the lowest rank, as render.cpp has it.
    void add_source(const rendered_fields& of_logger) {
        constexpr std::string_view key = "source";
        const auto has_it = [key](const auto& each) { return each.key == key; };
        const auto& origin = record_.origin;
        if (origin.source_line == 0 || std::ranges::any_of(record_.fields, has_it) ||
            std::ranges::any_of(of_logger.items(), has_it))
            return;
        sources_.push_back(std::string(origin.source) + ":" + std::to_string(origin.source_line));
        record_.fields.push_back({key, std::string_view(sources_.back())});
    }

    const tick_rate& rate_;
    record record_;
    std::deque<logger_read_back> loggers_;
    std::deque<std::string> sources_;
    time_text time_text_;
};

// --- handing over ---

/// The lines that were being written when the process ended, to each output those that it lacks.
class catching_up {
public:
    catching_up(const left_behind& left, delivery& to) : left_(left), to_(to), lines_(left.head->ticks()) {}

    /// How many lines some output lacked.
    std::uint64_t run() {
        if (left_.doubtful.empty())
            return 0;
        std::uint64_t most = 0;
        for (std::size_t i = 0; i < to_.destinations(); ++i)
            most = std::max(most, catch_up(i));
        left_.head->handed_over.store(left_.doubtful.back().number, std::memory_order_release);
        return most;
    }

private:
    std::uint64_t catch_up(std::size_t destination) {
        std::uint64_t missing = 0;
        const auto arrived = last_arrived(destination);
        batch some;
        const auto hand_over = [&] {
            to_.deliver_to(destination, some);
            missing += some.lines();
            some.clear(kept_memory);
            lines_.forget();
        };
        for (const auto& each : left_.doubtful) {
            if (each.number <= arrived)
                continue;
            if (const auto l = lines_.read(each))
                to_.append(some, *l);
            if (some.bytes() >= bytes_a_write)
                hand_over();
        }
        hand_over();
        return missing;
    }

    std::uint64_t last_arrived(std::size_t destination) {
        const auto before = left_.doubtful.front().number - 1;
        const auto tail = to_.tail_of(destination, size_of_all() + other_lines);
        return tail ? last_number_in(*tail, before, left_.doubtful.back().number) : before;
    }

    /// As text: no output can have more of it.
    std::size_t size_of_all() {
        std::size_t size = 0;
        batch one;
        for (const auto& each : left_.doubtful) {
            if (const auto l = lines_.read(each))
                to_.append(one, *l);
            size += one.bytes();
            one.clear(kept_memory);
            lines_.forget();
        }
        return size;
    }

    static constexpr std::size_t other_lines = 64 * 1024; // of the log about itself

    const left_behind& left_;
    delivery& to_;
    foreign_lines lines_;
};

std::uint64_t write_unwritten(const left_behind& left, delivery& to) {
    foreign_lines lines(left.head->ticks());
    batch out;
    std::uint64_t count = 0;
    auto number = left.next_number;
    left.head->next_number.store(number, std::memory_order_release);
    const auto hand_over = [&] {
        to.deliver(out);
        left.head->handed_over.store(number - 1, std::memory_order_release);
        count += out.lines();
        out.clear(kept_memory);
        lines.forget();
    };
    for (auto each : left.unwritten) {
        each.number = number++;
        set_number(each.bytes.data(), each.number);
        left.head->next_number.store(number, std::memory_order_release);
        if (const auto l = lines.read(each))
            to.append(out, *l);
        if (out.bytes() >= bytes_a_write)
            hand_over();
    }
    hand_over();
    return count;
}

} // namespace

left_behind look_into(std::span<char> file) {
    left_behind found;
    found.head = std::launder(reinterpret_cast<ring_file_head*>(file.data()));
    const auto handed_over = found.head->handed_over.load(std::memory_order_acquire);
    found.next_number = std::max(found.head->next_number.load(std::memory_order_acquire), handed_over + 1);
    const auto page = found.head->page;
    const auto bytes = static_cast<std::size_t>(found.head->ring_bytes);
    auto rest = file.subspan(page);
    for (auto rings = found.head->rings.load(std::memory_order_acquire); rings > 0; --rings) {
        if (rest.size() < page + bytes) {
            ++found.torn_rings;
            break;
        }
        const auto& at = *std::launder(reinterpret_cast<ring_positions*>(rest.data()));
        take(found, left_ring(rest.subspan(page, bytes), at.begin.load(std::memory_order_acquire), at.end.load()),
             handed_over);
        rest = rest.subspan(page + bytes);
    }
    std::ranges::sort(found.doubtful, {}, &left_record::number);
    std::ranges::sort(found.unwritten, {}, [](const left_record& r) { return std::pair(r.time, r.order); });
    return found;
}

std::uint64_t last_number_in(std::string_view text, std::uint64_t from, std::uint64_t upto) {
    auto last = from;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto read = json::parse(text.substr(0, end), {.max_bytes = text.size() + 1});
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto* const line = read ? read->if_object() : nullptr;
        const auto* const number = line ? line->if_contains("log_sequence") : nullptr;
        const auto* const found = number ? number->if_int64() : nullptr;
        if (found && *found > 0 && static_cast<std::uint64_t>(*found) <= upto)
            last = std::max(last, static_cast<std::uint64_t>(*found));
    }
    return last;
}

recovered_lines recover(const ring_file& from, delivery& to) {
    if (from.left().empty())
        return {};
    const auto left = look_into(from.left());
    const auto caught_up = catching_up(left, to).run();
    const auto written = write_unwritten(left, to);
    return {.count = caught_up + written,
            .torn_rings = left.torn_rings,
            .next_number = left.next_number + left.unwritten.size()};
}

} // namespace infra::logging::detail
