#include "terminal.hpp"

#include <algorithm>
#include <cerrno>
#include <iostream>

#include <sys/ioctl.h>
#include <unistd.h>

namespace infra::cli {
namespace {

int descriptor_of(const std::ostream& stream) {
    return &stream == &std::cout ? STDOUT_FILENO : &stream == &std::cerr ? STDERR_FILENO : -1;
}

} // namespace

bool is_terminal(const std::ostream& stream) {
    const int descriptor = descriptor_of(stream);
    return descriptor >= 0 && ::isatty(descriptor) == 1;
}

bool is_terminal(const std::istream& stream) { return &stream == &std::cin && ::isatty(STDIN_FILENO) == 1; }

std::size_t columns_of(const std::ostream& stream) {
    winsize size{};
    const int descriptor = descriptor_of(stream);
    return descriptor >= 0 && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

bool obeys_escapes(const environment& variables) {
    const auto kind = variables.get_or("TERM", "");
    return !kind.empty() && kind != "dumb";
}

void write_to_terminal(const std::ostream& stream, std::string_view text) {
    while (!text.empty()) {
        const auto taken = ::write(descriptor_of(stream), text.data(), text.size());
        if (taken < 0 && errno != EINTR)
            return;
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(taken, 0)));
    }
}

bool has_colours(bool terminal, const environment& variables) {
    return terminal && !variables.has("NO_COLOR") && obeys_escapes(variables);
}

std::string painted(bool colours, ink with, std::string_view text) {
    constexpr std::string_view begin[] = {"\033[32m", "\033[33m", "\033[31m", "\033[2m", "\033[1m"};
    if (!colours || text.empty())
        return std::string(text);
    return std::string(begin[static_cast<std::size_t>(with)]).append(text).append("\033[0m");
}

} // namespace infra::cli
