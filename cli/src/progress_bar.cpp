#include "progress_bar.hpp"

#include "printable.hpp"
#include "storage_verbs.hpp"

#include <algorithm>
#include <ostream>

namespace infra::cli {
namespace {

constexpr std::size_t bar_width = 20;
constexpr std::string_view clear_line = "\r\033[K";

std::string per_second(std::uint64_t bytes, std::chrono::nanoseconds since) {
    const auto seconds = std::chrono::duration<double>(since).count();
    return seconds <= 0 ? ""
                        : ", " + shown_size(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds)) + "/s";
}

} // namespace

std::string progress_line(std::string_view name, const storage::progress& now, std::chrono::nanoseconds since) {
    const auto speed = per_second(now.done, since);
    if (!now.total)
        return printable(name) + "  " + shown_size(now.done) + speed;
    const auto part =
        *now.total == 0 ? 1.0 : std::min(1.0, static_cast<double>(now.done) / static_cast<double>(*now.total));
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(bar_width));
    auto percent = std::to_string(static_cast<int>(part * 100)) + "%";
    percent.insert(0, 4 - percent.size(), ' ');
    return printable(name) + " " + percent + " [" + std::string(filled, '#') + std::string(bar_width - filled, ' ') +
           "] " + shown_size(now.done) + " of " + shown_size(*now.total) + speed;
}

progress_bar::progress_bar(std::ostream& to, bool visible, std::string name)
    : to_(to), visible_(visible), name_(std::move(name)) {}

progress_bar::~progress_bar() {
    if (visible_)
        to_ << clear_line << std::flush;
}

storage::progress_function progress_bar::follow() {
    if (!visible_)
        return {};
    return [this](const storage::progress& now) {
        to_ << clear_line << progress_line(name_, now, std::chrono::steady_clock::now() - begun_) << std::flush;
    };
}

} // namespace infra::cli
