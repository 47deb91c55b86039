#pragma once

/// multipart/form-data (RFC 7578) as browsers send it, piece by piece and under bounds. Pure.
///
///     form_splitter form(boundary);
///     form.feed(bytes);
///     while (auto item = form.next()) …            // the fields, and that the file begins; empty: feed more
///     while (auto bytes = form.next_bytes()) …     // of the file; empty: is_over(), or feed more

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::serve {

/// A field, or the file, whose bytes follow.
struct form_item {
    std::string name{};
    std::string value{}; ///< of a field
    bool is_file = false;
    std::string file_name{};    ///< without directories
    std::string content_type{}; ///< of the file, as the browser says
};

/// Empty for another type than multipart/form-data, or no boundary of 1 to 70 characters.
std::optional<std::string> boundary_of(std::string_view content_type);

/// Errors: refused with MalformedPOSTRequest, or MaxPostPreDataLengthExceeded for more than the bounds.
class form_splitter {
public:
    static constexpr std::size_t max_fields = 100;
    static constexpr std::size_t max_before_file = 64 * 1024; ///< names, values and headers together

    explicit form_splitter(std::string_view boundary) : delimiter_("\r\n--" + std::string(boundary)) {}

    void feed(std::string_view bytes);

    std::optional<form_item> next();
    std::optional<std::string> next_bytes();

    /// The file has ended. What follows it is not looked at.
    bool is_over() const noexcept { return state_ == state::over; }

private:
    enum class state { start, delimiter, headers, field, file, over };

    bool step();
    std::optional<form_item> take_item();
    std::string_view rest() const noexcept { return std::string_view(buffer_).substr(at_); }
    std::optional<std::string_view> take_up_to(std::string_view mark);
    bool take(std::string_view expected);
    void check_bound(std::size_t bytes) const;

    const std::string delimiter_;
    std::string buffer_{};
    std::size_t at_ = 0; // of what has not been taken
    std::size_t taken_ = 0;
    std::size_t fields_ = 0;
    state state_ = state::start;
    form_item part_{};
};

} // namespace infra::storage::serve
