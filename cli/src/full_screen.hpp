#pragma once

/// The whole of a terminal, and its keyboard, for as long as a program shows something there.
///
///     full_screen screen(loop.get_executor());  // what was there is kept
///     screen.draw(lines);                       // only what has changed
///     const auto bytes = co_await screen.keys();
///                                               // destroyed: all is as it was

#include <infra/base/awaitable.hpp>
#include <infra/runtime/descriptor.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace infra::cli {

/// The terminal that controls the process, if there is one.
///
/// The terminal is given back as it was when the object goes, and also when the process dies of a fault, of abort() or of SIGQUIT; not of SIGKILL. One
/// at a time.
///
/// Threads:  one.
/// Errors:   boost::system::system_error, where there is no terminal or it has gone.
/// Cancel:   keys() with any type.
/// Lifetime: keys() must have ended before.
class full_screen {
public:
    struct extent {
        std::size_t columns, rows;
    };

    explicit full_screen(executor ex);
    ~full_screen();
    full_screen(const full_screen&) = delete;
    full_screen& operator=(const full_screen&) = delete;

    /// Now; 80 by 24 where it does not say.
    extent size() const;

    /// Lines with their colours, none wider than the terminal. One that takes nothing is waited for a fifth of a second, and then left with what
    /// it has: the next picture comes once it has taken the rest of the last.
    void draw(std::vector<std::string> lines);

    /// Draws all at the next time: its size has changed, or somebody else has written.
    void forget() noexcept { drawn_.reset(); }

    /// What is typed next. Empty: nobody will type any more.
    awaitable<std::string> keys();

    /// Gives the terminal back, stops the process as Ctrl-Z is expected to, and takes the terminal again when it goes on.
    void suspend();

private:
    void enter();
    void leave() noexcept;
    void write(std::string_view bytes);
    bool flush();

    descriptor to_;
    asio::posix::stream_descriptor from_;
    std::optional<std::vector<std::string>> drawn_; // or on its way
    std::string unsent_;
};

} // namespace infra::cli
