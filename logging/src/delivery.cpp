#include "delivery.hpp"

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
    for (auto& each : text)
        each.clear(keep_capacity);
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
    for (auto& each : destinations_)
        deliver(each, b);
}

void delivery::deliver_to(std::size_t destination, const batch& b) noexcept { deliver(destinations_[destination], b); }

void delivery::deliver(destination& to, const batch& b) noexcept {
    try {
        if (to.untold_lost > 0)
            tell(to, "log lines were lost", to.untold_lost);
        write(to, selected(b, to));
        to.untold_dropped += b.dropped;
        if (to.untold_dropped > 0)
            tell(to, "log lines were dropped", to.untold_dropped);
    } catch (...) { // no memory to pick the lines of this level
        to.untold_lost += b.lines();
        lost_.fetch_add(b.lines(), std::memory_order_relaxed);
    }
}

std::optional<std::string> delivery::tail_of(std::size_t destination, std::size_t bytes) const {
    const auto& of = destinations_[destination];
    return styles_[of.style].pretty ? std::nullopt : of.to->tail(bytes);
}

std::string_view delivery::selected(const batch& b, const destination& d) {
    const std::string_view all = b.text[d.style].view();
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

void delivery::append(batch& b, const line& l) {
    std::array<std::size_t, max_styles> before{};
    for (std::size_t i = 0; i < styles_.size(); ++i)
        before[i] = b.text[i].size();
    try {
        for (std::size_t i = 0; i < styles_.size(); ++i)
            render(b.text[i], l, styles_[i]);
        if (wants_marks_)
            b.marks.push_back({l.severity, {b.text[0].size(), b.text[1].size(), b.text[2].size()}});
    } catch (...) { // no memory: the line is gone from all styles alike
        for (std::size_t i = 0; i < styles_.size(); ++i)
            b.text[i].shrink(before[i]);
        throw;
    }
    ++b.by_level[static_cast<std::size_t>(l.severity)];
}

void delivery::render(line_buffer& to, const line& l, const style& as) {
    if (as.pretty)
        append_pretty_line(to, l, as.colours);
    else
        append_json_line(to, l);
}

void delivery::tell(destination& d, std::string_view message, std::uint64_t& count) {
    const line_field fields[] = {{"lines", count}};
    const rendered_fields none;
    time_text clock;
    line_buffer text;
    render(text,
           {.time = clock.of(time_.wall()),
            .severity = level::warn,
            .module = "logging",
            .message = message,
            .fields = fields,
            .of_logger = none},
           styles_[d.style]);
    if (d.to->write(text.view()).taken == text.view().size())
        count = 0;
}

} // namespace infra::logging::detail
