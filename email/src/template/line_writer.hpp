#pragma once

/// Plain text, line by line.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// Lines with what stands before each of them: "> " in a quotation, spaces in a list.
class line_writer {
public:
    explicit line_writer(std::string& to) : out_(to) {}

    void indent(std::string_view first, std::string_view others);
    void outdent() { levels_.pop_back(); }

    void separate();                   ///< the next text begins a paragraph
    void end_line() { want(1); }       ///< … or only a line
    void blank() { ++wanted_breaks_; } ///< one line end more, as in code
    void begin() {                     ///< the line, with nothing on it as yet
        if (!began_ || wanted_breaks_ > 0)
            begin_line();
    }
    void add(std::string_view text); ///< without line ends
    std::size_t written() const noexcept { return out_.size(); }

private:
    struct level {
        std::string next;
        std::string others;
    };

    void want(int breaks) noexcept { wanted_breaks_ = std::max(wanted_breaks_, began_ ? breaks : 0); }
    void begin_line();
    void add_blank_prefix(std::size_t levels);
    void add_text_prefix();

    std::string& out_;
    std::vector<level> levels_;
    int wanted_breaks_ = 0;
    std::size_t blank_levels_ = std::string::npos;
    bool began_ = false;
};

} // namespace infra::email
