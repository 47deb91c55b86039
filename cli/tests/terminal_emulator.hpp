#pragma once

// What a terminal would show: as much of one as `infra top` needs, and a failure for anything else.

#include "src/cell_text.hpp"

#include <infra/base/encoding.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace infra::cli {

class terminal_emulator {
public:
    terminal_emulator(std::size_t columns, std::size_t rows) : lines_(rows), columns_(columns) {}

    void take(std::string_view bytes) {
        begun_ += bytes;
        while (step())
            ;
    }

    bool other_screen = false;
    bool has_cursor = true;
    const std::vector<std::string>& lines() const { return lines_; }
    bool shows(std::string_view text) const {
        return std::ranges::any_of(lines_, [&](const auto& each) { return each.find(text) != std::string::npos; });
    }
    std::string all() const {
        std::string text;
        for (const auto& each : lines_)
            text += each + "\n";
        return text;
    }
    void resize(std::size_t columns, std::size_t rows) {
        columns_ = columns;
        lines_.assign(rows, "what was there before");
    }

private:
    // One letter or one command; false where it has not come whole.
    bool step() {
        if (begun_.empty())
            return false;
        if (begun_[0] != '\x1b') {
            const auto end = std::min(begun_.find('\x1b'), whole_characters());
            if (end == 0)
                return false;
            write(begun_.substr(0, end));
            begun_.erase(0, end);
            return true;
        }
        const auto end = begun_.find_first_of("HJKmhl", 1);
        if (end == std::string::npos)
            return false;
        obey(begun_.substr(1, end - 1), begun_[end]);
        begun_.erase(0, end + 1);
        return true;
    }

    // Without the beginning of one at the end.
    std::size_t whole_characters() const {
        std::size_t last = begun_.size() - 1;
        while (last > 0 && (static_cast<unsigned char>(begun_[last]) & 0xc0) == 0x80)
            --last;
        const auto first = static_cast<unsigned char>(begun_[last]);
        const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        return last + size > begun_.size() ? last : begun_.size();
    }

    void write(const std::string& text) {
        ASSERT_LT(row_, lines_.size()) << text;
        lines_[row_] += encoding::to_utf8(text); // who dies while it writes, may leave half a character
        EXPECT_LE(cells_of(lines_[row_]), columns_) << lines_[row_];
    }

    void obey(const std::string& what, char command) {
        ASSERT_TRUE(what.starts_with("[")) << what << command;
        switch (command) {
        case 'H': row_ = static_cast<std::size_t>(std::stoul(what.substr(1))) - 1; break; // always the first column
        case 'K': lines_.at(row_).clear(); break;
        case 'J': lines_.assign(lines_.size(), ""); break;
        case 'm': break;
        default:
            if (what == "[?1049")
                other_screen = command == 'h';
            if (what == "[?25")
                has_cursor = command == 'h';
        }
    }

    std::vector<std::string> lines_;
    std::size_t columns_;
    std::size_t row_ = 0;
    std::string begun_;
};

} // namespace infra::cli
