#pragma once

/// The reader behind mark_places.

#include "placeholder.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// What stands for a mark in marked text: U+E000, its number, U+E001.
inline constexpr std::string_view mark_begin = "\xee\x80\x80";
inline constexpr std::string_view mark_end = "\xee\x80\x81";

class marker {
public:
    /// `source` has LF for line ends.
    marker(std::string_view source, std::string where, std::size_t first_line)
        : rest_(source), where_(std::move(where)), line_(first_line) {}

    marked_text markdown() &&;
    marked_text plain() &&;
    marked_text untagged() &&;

private:
    struct open_section {
        std::string name;
        std::size_t line;
        std::size_t block; // its index in made_.blocks; no_block: it is closed within its paragraph
    };
    static constexpr std::size_t no_block = static_cast<std::size_t>(-1);

    void take_line();
    void take_tag();
    void take_character();
    void take_end(const tag& of);
    void mark(part what, std::size_t size);
    void keep(std::size_t size);
    void keep_unknown(std::size_t end);

    void take_tag_line(const std::vector<tag>& tags);
    void open_block(const tag& of);
    std::vector<tag> tags_alone() const;
    std::string_view next_text(std::string_view after) noexcept;
    bool joins(std::string_view next) const noexcept;

    void open(const tag& of, std::size_t block);
    bool is_open(std::string_view name) const noexcept;
    static std::vector<std::string_view> names_of(const std::vector<open_section>& all);
    void close(const tag& of, bool alone);
    void refuse_open_sections() const;
    [[noreturn]] void refuse(std::size_t line, const std::string& why) const;
    part part_of(const tag& of) const;

    std::string_view rest_;
    std::string_view next_{}; // from the next line that is more than tags on
    const std::string where_;
    std::size_t line_;         // of the source
    std::size_t out_line_ = 1; // of made_.text
    std::vector<open_section> open_;
    bool after_text_ = false; // the last line without tags is not blank
    bool in_table_ = false;   // … and a row of a table
    marked_text made_;
};

} // namespace infra::email
