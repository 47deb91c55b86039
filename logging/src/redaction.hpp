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

    /// True if the field is to be hidden or to be looked into. For nearly every other key the price is one look-up.
    bool touches(std::string_view key) const noexcept {
        return known_[hash(key)] && (is_hidden_key(key) || begins_path(key));
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

    // Its length and ends, without regard to case.
    static constexpr std::size_t hash(std::string_view key) noexcept {
        if (key.empty())
            return 0;
        const auto end = [](char c) { return static_cast<unsigned char>(c) & 0x1fU; };
        return (key.size() * 37 + end(key.front()) * 5 + end(key.back()) * 11) % 256;
    }

    bool is_hidden_key(std::string_view key) const noexcept;
    bool begins_path(std::string_view key) const noexcept;
    void go_into(json::value& v, const std::vector<step>& reached) const;
    void visit(std::string_view key, json::value& v, const std::vector<step>& reached) const;

    std::vector<std::string> keys_; // in lower case
    std::vector<path> paths_;
    std::array<bool, 256> known_{}; // by hash
};

} // namespace infra::logging::detail
