#include "progress_bar.hpp"

#include "cell_text.hpp"
#include "storage_verbs.hpp"

#include <algorithm>
#include <array>
#include <ostream>
#include <utility>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto patience = 300ms; // what is over by then needs no bar
constexpr auto between = 100ms;
constexpr std::size_t usual_columns = 80; // where the terminal does not say
constexpr std::size_t bar_width = 20;
constexpr std::size_t short_name = 16; // of a name so much is kept before anything else
constexpr std::string_view clear_line = "\r\033[K";

std::string amount_of(std::uint64_t count, const std::string& unit) {
    return unit.empty() ? shown_size(count) : std::to_string(count);
}

std::string per_second(const work_done& work) {
    const auto seconds = std::chrono::duration<double>(work.since).count();
    if (seconds <= 0)
        return "";
    const auto each = static_cast<std::uint64_t>(static_cast<double>(work.now->done) / seconds);
    return ", " + amount_of(each, work.unit) + "/s";
}

double part_of(const storage::progress& now) {
    return *now.total == 0 ? 1.0 : std::min(1.0, static_cast<double>(now.done) / static_cast<double>(*now.total));
}

std::string percent_of(double part) {
    auto text = std::to_string(static_cast<int>(part * 100)) + "%";
    return text.insert(0, 4 - text.size(), ' ');
}

std::string drawn(double part) {
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(bar_width));
    return "[" + std::string(filled, '#') + std::string(bar_width - filled, ' ') + "]";
}

/// What stands behind the name, in ever fewer words.
std::array<std::string, 4> wordings(const work_done& work) {
    if (!work.now) {
        const auto seconds =
            " " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(work.since).count()) + " s";
        return {" " + seconds, seconds, seconds, ""};
    }
    const auto unit = work.unit.empty() ? "" : " " + work.unit;
    const auto done = amount_of(work.now->done, work.unit);
    if (!work.now->total)
        return {"  " + done + unit + per_second(work), "  " + done + unit, " " + done, ""};
    const auto part = part_of(*work.now);
    const auto amounts = " " + done + " of " + amount_of(*work.now->total, work.unit) + unit;
    const auto percent = " " + percent_of(part);
    return {percent + " " + drawn(part) + amounts + per_second(work), percent + " " + drawn(part) + amounts,
            percent + amounts, percent};
}

std::string cut(std::string_view safe, std::size_t cells) {
    return cells_of(safe) <= cells ? std::string(safe) : fitted(safe, cells);
}

bool shows_progress(const output& to, const std::istream* from) {
    return cli::shows_progress(
        {.is_terminal = is_terminal(to.err), .json = to.json, .is_typed = from && is_terminal(*from)},
        environment::of_process());
}

} // namespace

std::string progress_line(const work_done& work, std::size_t columns) {
    const auto name = one_line(work.name);
    const auto words = wordings(work);
    if (columns == 0)
        return name + words.front();
    const auto room = columns - 1; // in the last one some terminals begin another line
    const auto wanted = std::min(cells_of(name), short_name);
    const auto fits = [&](const std::string& each) { return wanted + cells_of(each) <= room; };
    const auto best = std::ranges::find_if(words, fits);
    const auto& behind = best == words.end() ? words.back() : *best;
    return cut(cut(name, room - std::min(room, cells_of(behind))) + behind, room);
}

// --- progress_painter -----------------------------------------------------------------------------------------------

progress_painter::progress_painter(std::string name, std::string unit, steady_time now)
    : work_{.name = std::move(name), .unit = std::move(unit)}, begun_(now), next_(now + patience) {}

void progress_painter::begin(std::string name, steady_time now) {
    work_.name = std::move(name);
    work_.now.reset();
    begun_ = now;
}

// What the work is for matters more than its bar: it goes on without.
std::string progress_painter::paint(steady_time now, std::size_t columns) noexcept {
    if (now < next_)
        return {};
    next_ = now + between;
    work_.since = now - begun_;
    try {
        auto line = std::string(clear_line) + progress_line(work_, columns);
        is_shown_ = true;
        return line;
    } catch (const std::exception&) {
        return {};
    }
}

std::string progress_painter::clear() { return std::string(std::exchange(is_shown_, false) ? clear_line : ""); }

// --- progress_bar ---------------------------------------------------------------------------------------------------

bool shows_progress(const surroundings& in, const environment& variables) {
    return in.is_terminal && !in.json && !in.is_typed && obeys_escapes(variables);
}

progress_bar::progress_bar(const output& to, std::string name, std::string unit, const std::istream* from)
    : to_(to.err),
      is_visible_(shows_progress(to, from)),
      painter_(std::move(name), std::move(unit), steady_clock::now()) {
    if (is_visible_)
        begin_painting();
}

// Nor has it a bar where there is no thread to be had.
void progress_bar::begin_painting() noexcept {
    try {
        painting_ = std::jthread([this](std::stop_token stopped) { paint(std::move(stopped)); });
    } catch (const std::exception&) {
    }
}

progress_bar::~progress_bar() {
    painting_ = {}; // asks it to stop, and waits
    write(painter_.clear());
}

void progress_bar::paint(std::stop_token stopped) {
    std::unique_lock lock(guard_);
    while (!stopped.stop_requested()) {
        const auto columns = columns_of(to_);
        write(painter_.paint(steady_clock::now(), columns > 0 ? columns : usual_columns));
        stopping_.wait_until(lock, stopped, painter_.next(), [] { return false; });
    }
}

// Not through the stream: it flushes the standard output, which another thread may be writing to.
void progress_bar::write(std::string_view text) const {
    if (is_visible_)
        write_to_terminal(to_, text);
}

void progress_bar::begin(std::string name) {
    const std::lock_guard lock(guard_);
    painter_.begin(std::move(name), steady_clock::now());
}

void progress_bar::show(const storage::progress& now) {
    const std::lock_guard lock(guard_);
    painter_.show(now);
}

void progress_bar::tell(std::string_view line) {
    const std::lock_guard lock(guard_);
    write(painter_.clear());
    to_ << line << '\n' << std::flush;
}

storage::progress_function progress_bar::follow() {
    if (!is_visible_)
        return {};
    return [this](const storage::progress& now) { show(now); };
}

} // namespace infra::cli
