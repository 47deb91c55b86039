#pragma once

// Whole lines into a file descriptor, whatever it does.

#include <infra/logging/sink.hpp>

#include <cerrno>
#include <string>
#include <string_view>

namespace infra::logging::detail {

inline boost::system::error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

class descriptor {
public:
    descriptor(int number, bool owned) noexcept : number_(number), owned_(owned) {}
    ~descriptor();
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;

    int number() const noexcept { return number_; }
    bool is_terminal() const noexcept;

    sink::outcome write(std::string_view lines) noexcept;

    /// True if the last line that was taken is not wholly there yet. It must be finished before the file is left.
    bool is_torn() const noexcept { return !torn_.empty(); }
    boost::system::error_code finish_torn_line() noexcept;

    /// Goes on with another file.
    void replace(int number) noexcept;

    /// Does not close what the number stands for now: it was closed by somebody else, and may be theirs.
    void disown() noexcept { owned_ = false; }

private:
    std::size_t without_torn_line(std::string_view lines, std::size_t written) noexcept;
    std::size_t keep_torn_line(std::string_view lines, std::size_t written) noexcept;
    std::size_t write_some(std::string_view bytes, boost::system::error_code& failure) noexcept;
    bool wait_for_room() const noexcept;

    int number_;
    bool owned_;
    std::string torn_;
};

} // namespace infra::logging::detail
