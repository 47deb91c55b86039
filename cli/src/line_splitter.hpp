#pragma once

#include "operator_access.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace infra::cli {

/// Lines out of pieces, without their ends. One that has none within 16 MiB is refused.
class line_splitter {
public:
    void add(std::string_view piece) {
        rest_.erase(0, std::exchange(begin_, 0));
        rest_.append(piece);
        if (rest_.size() > max_line_bytes)
            throw refused(exit_code::failed, "the service sent a line without an end");
    }
    std::optional<std::string> next() {
        const auto end = rest_.find('\n', begin_);
        if (end == std::string::npos)
            return std::nullopt;
        const auto begin = std::exchange(begin_, end + 1);
        return rest_.substr(begin, end - begin);
    }

private:
    static constexpr std::size_t max_line_bytes = std::size_t{16} << 20;
    std::string rest_;
    std::size_t begin_ = 0;
};

} // namespace infra::cli
