#include "recovery.hpp"

#include "json_text.hpp"
#include "record.hpp"

#include <infra/base/json.hpp>

#include <algorithm>
#include <charconv>
#include <deque>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <string>

namespace infra::logging::detail {
namespace {

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
        constexpr auto latest = wall_time::max() - std::chrono::hours(24);
        const auto at = std::clamp(rate_.of(record_.head.time), wall_time{}, latest); // by a torn rate it may be any
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
                    .of_logger = of_logger.fields,
                    .where = {record_.origin.source, record_.origin.source_line}};
    }

    void forget() { loggers_.clear(); }

private:
    const tick_rate& rate_;
    record record_;
    std::deque<logger_read_back> loggers_;
    time_text time_text_;
};

// --- handing over ---

/// Hands lines over in batches, and stops when one is refused.
class writing {
public:
    template <class Deliver>
    writing(foreign_lines& lines, delivery& to, Deliver deliver)
        : lines_(lines), to_(to), lost_before_(to.lost()), deliver_(std::move(deliver)) {}

    /// False once something was refused.
    bool add(const left_record& each, level lowest, std::size_t& unreadable) {
        const auto l = lines_.read(each);
        if (!l)
            ++unreadable;
        else if (l->severity >= lowest)
            to_.append(out_, *l);
        return out_.bytes() < bytes_a_write || finish();
    }
    bool finish() {
        deliver_(out_);
        count_ += out_.lines();
        out_.clear(kept_memory);
        lines_.forget();
        return to_.lost() == lost_before_;
    }
    std::uint64_t count() const noexcept { return count_; }

private:
    foreign_lines& lines_;
    delivery& to_;
    const std::uint64_t lost_before_;
    const std::function<void(batch&)> deliver_;
    batch out_;
    std::uint64_t count_ = 0;
};

/// The lines that were being written when the process ended, to each output those that it lacks.
class catching_up {
public:
    catching_up(const left_behind& left, delivery& to, recovered_lines& result)
        : left_(left), to_(to), result_(result), lines_(left.head->ticks()) {}

    void run() {
        if (left_.doubtful.empty())
            return;
        std::uint64_t most = 0;
        for (std::size_t i = 0; i < to_.destinations() && !result_.refused; ++i)
            most = std::max(most, catch_up(i));
        result_.count += most;
        if (!result_.refused)
            left_.head->handed_over.store(left_.doubtful.back().number, std::memory_order_release);
    }

private:
    std::uint64_t catch_up(std::size_t destination) {
        const auto arrived = last_arrived(destination);
        writing some(lines_, to_, [&](batch& b) { to_.deliver_to(destination, b); });
        for (const auto& each : left_.doubtful)
            if (each.number > arrived && !some.add(each, to_.lowest_of(destination), result_.unreadable))
                break;
        result_.refused |= !some.finish();
        return some.count();
    }

    // How far back it may be is not known: others may write to the file too.
    std::uint64_t last_arrived(std::size_t destination) {
        constexpr std::size_t first_look = 256 * 1024, last_look = 16 * 1024 * 1024;
        const auto before = left_.doubtful.front().number - 1;
        const auto texts = texts_of_all();
        for (auto look = first_look;; look *= 4) {
            const auto tail = to_.tail_of(destination, look);
            const auto arrived = tail ? last_of(texts, *tail, before) : before;
            if (!tail || arrived > before || tail->size() < look || look == last_look)
                return arrived;
        }
    }

    /// What each line would be, but for its time.
    std::map<std::uint64_t, std::string> texts_of_all() {
        std::map<std::uint64_t, std::string> texts;
        for (const auto& each : left_.doubtful) {
            line_buffer text;
            if (const auto l = lines_.read(each))
                append_json_line(text, *l);
            texts[each.number] = without_time(text.view().substr(0, text.view().find('\n')));
            lines_.forget();
        }
        return texts;
    }

    // A line of another ring may have the same number, and then not the same text.
    static std::uint64_t last_of(const std::map<std::uint64_t, std::string>& texts, std::string_view tail,
                                 std::uint64_t before) {
        auto last = before;
        while (!tail.empty()) {
            const auto end = std::min(tail.find('\n'), tail.size());
            const auto found = texts.find(number_in(tail.substr(0, end)));
            if (found != texts.end() && found->second == without_time(tail.substr(0, end)))
                last = std::max(last, found->first);
            tail.remove_prefix(std::min(end + 1, tail.size()));
        }
        return last;
    }

    const left_behind& left_;
    delivery& to_;
    recovered_lines& result_;
    foreign_lines lines_;
};

void write_unwritten(const left_behind& left, delivery& to, recovered_lines& result) {
    foreign_lines lines(left.head->ticks());
    auto& number = result.next_number;
    writing out(lines, to, [&to](batch& b) { to.deliver(b); });
    for (auto each : left.unwritten) {
        each.number = number++;
        set_number(each.bytes.data(), each.number);
        left.head->next_number.store(number, std::memory_order_release);
        if (!out.add(each, level::debug, result.unreadable))
            break;
    }
    result.refused |= !out.finish();
    result.count += out.count();
    if (!result.refused)
        left.head->handed_over.store(number - 1, std::memory_order_release);
}

} // namespace

// In front of it there are texts alone, in which no quotes stand by themselves.
std::uint64_t number_in(std::string_view line) noexcept {
    constexpr std::string_view key = R"(,"log_sequence":)";
    const auto at = line.find(key);
    std::uint64_t number = 0;
    if (at != line.npos)
        std::from_chars(line.data() + at + key.size(), line.data() + line.size(), number);
    return number;
}

std::string_view without_time(std::string_view line) noexcept {
    constexpr std::string_view time = R"({"timestamp":"2026-01-01T00:00:00.000Z")";
    return line.substr(std::min(time.size(), line.size()));
}

recovered_lines recover(const ring_file& from, delivery& to) {
    if (from.left().empty())
        return {};
    const auto left = look_into(from.left());
    left.head->next_number.store(left.next_number, std::memory_order_release); // later than all that was handed over
    recovered_lines result{.torn_rings = left.torn_rings, .next_number = left.next_number};
    catching_up(left, to, result).run();
    if (!result.refused)
        write_unwritten(left, to, result);
    if (result.refused) // it will be counted when it is all there
        result.count = 0;
    return result;
}

} // namespace infra::logging::detail
