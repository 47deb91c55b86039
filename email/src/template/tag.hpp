#pragma once

/// What stands between double braces. Pure.

#include <cstddef>
#include <optional>
#include <string_view>

namespace infra::email {

enum class tag_kind {
    none,     ///< text
    value,    ///< {{name}}, {{user.name}}, {{.}}
    section,  ///< {{#items}}
    inverted, ///< {{^items}}
    end,      ///< {{/items}}
    comment,  ///< {{! not for readers }}
    unknown,  ///< anything else: {{#if paid}}
};

struct tag {
    tag_kind kind;
    std::string_view name; ///< empty for comments and what is not known
    std::size_t size;      ///< with its braces
};

/// The tag that `text`, which starts with `{{`, begins with; nothing if it is not closed on its line.
std::optional<tag> read_tag(std::string_view text) noexcept;

constexpr bool opens(tag_kind kind) noexcept { return kind == tag_kind::section || kind == tag_kind::inverted; }

} // namespace infra::email
