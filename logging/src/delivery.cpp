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
    records.clear();
    by_level = {};
    dropped = 0;
}

delivery::delivery(const pipeline_options& options) : time_(*options.time), colours_(options.colours) {
    for (const auto& each : options.outputs)
        add(each);
}

void delivery::add(const output& o) {
    destinations_.push_back({.to = o.to, .records = o.records, .style = o.to ? style_index(o) : 0, .from = o.from});
    wants_marks_ |= o.to && o.from != level::debug;
    wants_records_ |= o.records != nullptr;
}

std::size_t delivery::style_index(const output& o) {
    style wanted;
    wanted.pretty = o.as == format::pretty || (o.as == format::automatic && o.to->is_terminal());
    wanted.colours = wanted.pretty && colours_ && o.to->is_terminal();
    const auto found = std::ranges::find(styles_, wanted);
    if (found != styles_.end())
        return static_cast<std::size_t>(found - styles_.begin());
    styles_.push_back(wanted);
    return styles_.size() - 1;
}

void delivery::deliver(batch& b) noexcept {
    if (wants_records_)
        let_go_of_the_closed();
    for (auto& each : destinations_)
        deliver(each, b);
}

void delivery::deliver_to(std::size_t destination, batch& b) noexcept { deliver(destinations_[destination], b); }

void delivery::deliver(destination& d, batch& b) noexcept {
    try {
        tell(d, "log lines were lost", d.untold_lost);
        if (d.records)
            write(d, b.records.from(d.from));
        else
            write(d, selected(b, d));
        d.untold_dropped += b.dropped;
        tell(d, "log lines were dropped", d.untold_dropped);
    } catch (...) { // no memory to pick the lines of this level
        d.untold_lost += b.lines();
        lost_.fetch_add(b.lines(), std::memory_order_relaxed);
    }
}

std::optional<std::string> delivery::tail_of(std::size_t destination, std::size_t bytes) const {
    const auto& of = destinations_[destination];
    return !of.to || styles_[of.style].pretty ? std::nullopt : of.to->tail(bytes);
}

void delivery::let_go_of_the_closed() noexcept {
    std::erase_if(destinations_, [](const destination& d) { return d.records && d.records->is_closed(); });
    wants_records_ = std::ranges::any_of(destinations_, [](const destination& d) { return d.records != nullptr; });
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

void delivery::write(destination& d, std::string_view lines) noexcept {
    if (lines.empty())
        return;
    const auto outcome = d.to->write(lines);
    account(d, count_line_breaks(lines.substr(outcome.taken)), outcome.failure);
}

void delivery::write(destination& d, std::span<const record_view> records) noexcept {
    if (records.empty())
        return;
    const auto outcome = d.records->write(records);
    account(d, records.size() - std::min(outcome.taken, records.size()), outcome.failure);
}

void delivery::account(destination& d, std::uint64_t refused, const boost::system::error_code& why) noexcept {
    if (refused == 0) {
        d.failing = false;
        return;
    }
    d.untold_lost += refused;
    lost_.fetch_add(refused, std::memory_order_relaxed);
    if (!std::exchange(d.failing, true))
        complain(why);
}

void delivery::append(batch& b, const line& l) {
    std::array<std::size_t, max_styles> before{};
    for (std::size_t i = 0; i < styles_.size(); ++i)
        before[i] = b.text[i].size();
    try {
        for (std::size_t i = 0; i < styles_.size(); ++i)
            render(b.text[i], l, styles_[i]);
        if (wants_records_)
            b.records.add(l);
        if (wants_marks_)
            b.marks.push_back({l.severity, {b.text[0].size(), b.text[1].size(), b.text[2].size()}});
    } catch (...) { // no memory: the line is gone from all styles alike
        for (std::size_t i = 0; i < styles_.size(); ++i)
            b.text[i].shrink(before[i]);
        if (wants_records_)
            b.records.shrink(b.lines()); // without this one
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
    if (count == 0 || (d.records && !d.records->has_room()))
        return;
    const line_field fields[] = {{"lines", count}};
    const rendered_fields none;
    time_text clock;
    const auto now = time_.wall();
    const line told{.time = clock.of(now),
                    .at = now,
                    .severity = level::warn,
                    .module = "logging",
                    .message = message,
                    .fields = fields,
                    .of_logger = none};
    if (d.records ? take(*d.records, told) : take(*d.to, told, styles_[d.style]))
        count = 0;
}

bool delivery::take(sink& to, const line& l, const style& as) {
    line_buffer text;
    render(text, l, as);
    return to.write(text.view()).taken == text.view().size();
}

bool delivery::take(record_sink& to, const line& l) {
    record_batch one;
    one.add(l);
    return to.write(one.from(level::debug)).taken == 1;
}

} // namespace infra::logging::detail
