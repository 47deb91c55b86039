#include "descriptor.hpp"

#include <algorithm>

#include <unistd.h>

namespace infra::logging {
namespace {

/// The process's own.
class stream_sink final : public sink {
public:
    explicit stream_sink(int number) noexcept : to_(number, false), terminal_(to_.is_terminal()) {}

    outcome write(std::string_view lines) noexcept override { return to_.write(lines); }
    bool is_terminal() const noexcept override { return terminal_; }

private:
    detail::descriptor to_;
    const bool terminal_;
};

} // namespace

std::shared_ptr<sink> stdout_sink() { return std::make_shared<stream_sink>(STDOUT_FILENO); }
std::shared_ptr<sink> stderr_sink() { return std::make_shared<stream_sink>(STDERR_FILENO); }

std::optional<std::string> sink::tail(std::size_t) const { return std::nullopt; }

std::optional<std::string> memory_sink::tail(std::size_t bytes) const {
    const auto all = text();
    return all.substr(all.size() - std::min(bytes, all.size()));
}

sink::outcome memory_sink::write(std::string_view lines) noexcept {
    const std::scoped_lock lock(mutex_);
    outcome result;
    try {
        while (result.taken < lines.size()) {
            const auto end = lines.find('\n', result.taken);
            lines_.emplace_back(lines.substr(result.taken, end - result.taken));
            if (lines_.size() > max_lines_)
                lines_.pop_front();
            result.taken = end + 1;
        }
    } catch (...) {
        result.failure = code_of(std::current_exception());
    }
    return result;
}

std::vector<std::string> memory_sink::lines() const {
    const std::scoped_lock lock(mutex_);
    return {lines_.begin(), lines_.end()};
}

std::string memory_sink::text() const {
    std::string all;
    for (const auto& line : lines())
        all.append(line).append("\n");
    return all;
}

void memory_sink::clear() {
    const std::scoped_lock lock(mutex_);
    lines_.clear();
}

} // namespace infra::logging
