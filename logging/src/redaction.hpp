#pragma once

// Which values are replaced, and the replacing: pure.

#include <infra/logging/redaction.hpp>

#include <infra/base/json.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace infra::logging::detail {

class redactor {
public:
    /// Throws std::invalid_argument naming an option.
    explicit redactor(const redaction& options);

    /// False for nearly every key, for the price of two look-ups in a table; true if the field must be looked at.
    bool may_touch(std::string_view key) const noexcept {
        const auto length = key.size() < 63 ? key.size() : 63;
        if ((lengths_ >> length & 1) == 0)
            return false;
        return key.empty() || any_initial_ || initials_[static_cast<unsigned char>(key.front())];
    }

    /// True if the whole value of the field is replaced.
    bool hides(std::string_view key) const noexcept;

    /// The value of the field `key` with what is inside it replaced.
    json::value inside(std::string_view key, json::value v) const;

private:
    using path = std::vector<std::string>;
    struct step {
        const path* of;
        std::size_t depth; // of its parts have been met
    };

    bool is_hidden_key(std::string_view key) const noexcept;
    void note(std::string_view key) noexcept;
    void go_into(json::value& v, const std::vector<step>& reached) const;
    void visit(std::string_view key, json::value& v, const std::vector<step>& reached) const;

    std::vector<std::string> keys_; // in lower case
    std::vector<path> paths_;
    std::uint64_t lengths_ = 0; // a bit for each length of key that may be touched
    std::array<bool, 256> initials_{};
    bool any_initial_ = false;
};

} // namespace infra::logging::detail
