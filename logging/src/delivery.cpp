#include "pipeline_state.hpp"

#include <algorithm>
#include <cstdio>

namespace infra::logging::detail {
namespace {

std::uint64_t count_line_breaks(std::string_view text) noexcept {
    return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

// The log itself does not work, so this is the one place that says so elsewhere.
void complain(const boost::system::error_code& why) noexcept {
    try {
        const auto sentence =
            "infra::logging: cannot write log lines: " + why.message() + "; they are lost until it works again\n";
        std::fwrite(sentence.data(), 1, sentence.size(), stderr);
    } catch (...) { // no memory to say it with: the lines are counted all the same
    }
}

} // namespace

void batch::clear(std::size_t keep_capacity) {
    for (auto& each : text) {
        each.clear();
        if (each.capacity() > keep_capacity)
            each.shrink_to_fit();
    }
    marks.clear();
    by_level = {};
    dropped = 0;
}

delivery::delivery(const pipeline_options& options) : time_(*options.time) {
    for (const auto& each : options.outputs) {
        destinations_.push_back({each.to, style_index(each, options.colours), each.from});
        wants_marks_ |= each.from != level::debug;
    }
}

std::size_t delivery::style_index(const output& o, bool colours) {
    style wanted;
    wanted.pretty = o.as == format::pretty || (o.as == format::automatic && o.to->is_terminal());
    wanted.colours = wanted.pretty && colours && o.to->is_terminal();
    const auto found = std::ranges::find(styles_, wanted);
    if (found != styles_.end())
        return static_cast<std::size_t>(found - styles_.begin());
    styles_.push_back(wanted);
    return styles_.size() - 1;
}

void delivery::deliver(const batch& b) noexcept {
    for (auto& each : destinations_) {
        try {
            if (each.untold_lost > 0)
                tell(each, "log lines were lost", each.untold_lost);
            write(each, selected(b, each));
            each.untold_dropped += b.dropped;
            if (each.untold_dropped > 0)
                tell(each, "log lines were dropped", each.untold_dropped);
        } catch (...) { // no memory to pick the lines of this level
            each.untold_lost += b.lines();
            lost_.fetch_add(b.lines(), std::memory_order_relaxed);
        }
    }
}

std::string_view delivery::selected(const batch& b, const destination& d) {
    const std::string_view all = b.text[d.style];
    if (d.from == level::debug)
        return all;
    scratch_.clear();
    std::size_t begin = 0;
    for (const auto& mark : b.marks) {
        if (mark.severity >= d.from)
            scratch_ += all.substr(begin, mark.end[d.style] - begin);
        begin = mark.end[d.style];
    }
    return scratch_;
}

bool delivery::write(destination& d, std::string_view lines) noexcept {
    if (lines.empty())
        return true;
    const auto outcome = d.to->write(lines);
    const auto refused = count_line_breaks(lines.substr(outcome.taken));
    if (refused == 0) {
        d.failing = false;
        return true;
    }
    d.untold_lost += refused;
    lost_.fetch_add(refused, std::memory_order_relaxed);
    if (!std::exchange(d.failing, true))
        complain(outcome.failure);
    return false;
}

void delivery::tell(destination& d, std::string_view message, std::uint64_t& count) {
    const field fields[] = {{"lines", count}};
    const log_record record{.time = time_.wall(),
                            .severity = level::warn,
                            .module = "logging",
                            .message = message,
                            .fields = fields,
                            .span = {},
                            .where = std::source_location::current()};
    const rendered_fields none;
    line_buffer text;
    const auto& as = styles_[d.style];
    if (as.pretty)
        append_pretty_line(text, {record, none}, as.colours);
    else
        append_json_line(text, {record, none});
    if (d.to->write(text.view()).taken == text.view().size())
        count = 0;
}

} // namespace infra::logging::detail
