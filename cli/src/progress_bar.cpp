#include "progress_bar.hpp"

#include "printable.hpp"
#include "storage_verbs.hpp"

#include <algorithm>
#include <ostream>

namespace infra::cli {
namespace {

constexpr std::size_t bar_width = 20;
constexpr std::string_view clear_line = "\r\033[K";

std::string amount_of(std::uint64_t count, bool is_bytes) {
    return is_bytes ? shown_size(count) : std::to_string(count);
}

std::string per_second(std::uint64_t done, std::chrono::nanoseconds since, bool is_bytes) {
    const auto seconds = std::chrono::duration<double>(since).count();
    if (seconds <= 0)
        return "";
    return ", " + amount_of(static_cast<std::uint64_t>(static_cast<double>(done) / seconds), is_bytes) + "/s";
}

} // namespace

std::string progress_line(std::string_view name, const storage::progress& now, std::chrono::nanoseconds since,
                          std::string_view unit) {
    const bool is_bytes = unit.empty();
    const auto done = amount_of(now.done, is_bytes);
    const auto behind = (is_bytes ? "" : " " + std::string(unit)) + per_second(now.done, since, is_bytes);
    if (!now.total)
        return printable(name) + "  " + done + behind;
    const auto part =
        *now.total == 0 ? 1.0 : std::min(1.0, static_cast<double>(now.done) / static_cast<double>(*now.total));
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(bar_width));
    auto percent = std::to_string(static_cast<int>(part * 100)) + "%";
    percent.insert(0, 4 - percent.size(), ' ');
    return printable(name) + " " + percent + " [" + std::string(filled, '#') + std::string(bar_width - filled, ' ') +
           "] " + done + " of " + amount_of(*now.total, is_bytes) + behind;
}

progress_bar::progress_bar(std::ostream& to, bool visible, std::string name, std::string unit)
    : to_(to), visible_(visible), name_(std::move(name)), unit_(std::move(unit)) {}

progress_bar::~progress_bar() {
    if (visible_)
        to_ << clear_line << std::flush;
}

void progress_bar::show(const storage::progress& now) {
    if (visible_)
        to_ << clear_line << progress_line(name_, now, std::chrono::steady_clock::now() - begun_, unit_) << std::flush;
}

storage::progress_function progress_bar::follow() {
    if (!visible_)
        return {};
    return [this](const storage::progress& now) { show(now); };
}

} // namespace infra::cli
