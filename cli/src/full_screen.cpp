#include "full_screen.hpp"

#include <infra/base/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace infra::cli {
namespace {

using std::chrono::steady_clock;

// The other screen, without cursor and without lines that go on in the next.
constexpr std::string_view take_screen = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view give_back = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
// What is between is shown at once, by terminals that know of it.
constexpr std::string_view begin_picture = "\x1b[?2026h";
constexpr std::string_view end_picture = "\x1b[?2026l";

constexpr std::chrono::milliseconds patience{
    200}; // with a terminal that takes nothing: who ends the program shall not wait for it

/// For a handler of signals, which finds nothing else.
struct taken_terminal {
    volatile std::sig_atomic_t is_taken = 0;
    int descriptor = -1;
    termios before{};
};
taken_terminal taken;

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
std::array<struct sigaction, fatal_signals.size()> handled_before;

// Only what may be called in a handler.
void give_terminal_back() noexcept {
    if (!taken.is_taken)
        return;
    taken.is_taken = 0;
    [[maybe_unused]] const auto told = ::write(taken.descriptor, give_back.data(), give_back.size());
    ::tcsetattr(taken.descriptor, TCSANOW, &taken.before);
}

extern "C" void die_tidily(int signal) {
    const int kept = errno;
    give_terminal_back();
    for (std::size_t i = 0; i < fatal_signals.size(); ++i)
        ::sigaction(fatal_signals[i], &handled_before[i], nullptr);
    errno = kept;
    ::raise(signal); // blocked until this returns; a fault comes again by itself
}

void handle_fatal_signals() {
    struct sigaction ours{};
    ours.sa_handler = die_tidily;
    ::sigemptyset(&ours.sa_mask);
    for (std::size_t i = 0; i < fatal_signals.size(); ++i)
        ::sigaction(fatal_signals[i], &ours, &handled_before[i]);
}

void handle_fatal_signals_as_before() noexcept {
    for (std::size_t i = 0; i < fatal_signals.size(); ++i)
        ::sigaction(fatal_signals[i], &handled_before[i], nullptr);
}

[[noreturn]] void fail(const char* what) {
    throw boost::system::system_error(errno, boost::system::system_category(), what);
}

// Opened anew, so that its being non-blocking is not that of the shell's.
int open_terminal() {
    const int opened = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0)
        fail("cannot open the terminal");
    return opened;
}

// Keys at once and unseen; Ctrl-C and Ctrl-Z go on being signals.
termios for_keys(termios from) {
    from.c_lflag &= static_cast<tcflag_t>(~(ICANON | ECHO | IEXTEN));
    from.c_iflag &= static_cast<tcflag_t>(~(IXON | ICRNL | INLCR));
    from.c_cc[VMIN] = 1;
    from.c_cc[VTIME] = 0;
    return from;
}

bool is_writable(int descriptor, steady_clock::time_point until) {
    pollfd one{.fd = descriptor, .events = POLLOUT, .revents = 0};
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
        const int ready = ::poll(&one, 1, static_cast<int>(std::max(left.count(), std::int64_t{0})));
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

} // namespace

full_screen::full_screen(executor ex) : to_(open_terminal()), from_(std::move(ex), open_terminal()) {
    if (::tcgetattr(to_.get(), &taken.before) != 0)
        fail("cannot ask the terminal how it is set");
    taken.descriptor = to_.get();
    handle_fatal_signals();
    enter();
}

full_screen::~full_screen() {
    leave();
    handle_fatal_signals_as_before();
}

void full_screen::enter() {
    const auto raw = for_keys(taken.before);
    taken.is_taken = 1;
    ::tcsetattr(to_.get(), TCSANOW, &raw);
    unsent_.clear(); // all is drawn anew
    write(take_screen);
    forget();
}

void full_screen::leave() noexcept {
    try {
        flush();                                   // else what gives it back might fall into the middle of a colour
    } catch (const boost::system::system_error&) { // it has gone
    }
    give_terminal_back();
}

void full_screen::suspend() {
    leave();
    ::raise(SIGSTOP);
    ::tcgetattr(to_.get(), &taken.before); // the shell may have set it otherwise meanwhile
    enter();
}

full_screen::extent full_screen::size() const {
    winsize size{};
    if (::ioctl(to_.get(), TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return {80, 24};
    return {size.ws_col, size.ws_row};
}

void full_screen::draw(std::vector<std::string> lines) {
    if (!flush())
        return;
    std::string bytes(begin_picture);
    if (!drawn_ || drawn_->size() != lines.size()) {
        bytes += "\x1b[0m\x1b[2J";
        drawn_.emplace(lines.size());
    }
    const auto empty = bytes.size();
    for (std::size_t i = 0; i < lines.size(); ++i)
        if ((*drawn_)[i] != lines[i])
            bytes.append("\x1b[" + std::to_string(i + 1) + ";1H\x1b[K")
                .append(lines[i]); // cleared first: at the margin it would eat the last
    if (bytes.size() > empty)
        write(bytes.append(end_picture));
    drawn_ = std::move(lines);
}

void full_screen::write(std::string_view bytes) {
    unsent_ += bytes;
    flush();
}

// False where the terminal does not take all of it.
bool full_screen::flush() {
    const auto until = steady_clock::now() + patience;
    while (!unsent_.empty()) {
        const auto done = ::write(to_.get(), unsent_.data(), unsent_.size());
        if (done >= 0)
            unsent_.erase(0, static_cast<std::size_t>(done));
        else if (errno == EAGAIN && !is_writable(to_.get(), until))
            return false;
        else if (errno != EAGAIN && errno != EINTR)
            fail("cannot write to the terminal");
    }
    return true;
}

awaitable<std::string> full_screen::keys() {
    std::string bytes(256, '\0');
    boost::system::error_code ec;
    const auto read =
        co_await from_.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted)
        throw boost::system::system_error(ec);
    bytes.resize(ec ? 0 : read); // a terminal that has gone gives EIO
    co_return bytes;
}

} // namespace infra::cli
