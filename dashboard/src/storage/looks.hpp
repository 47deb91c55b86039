#pragma once

// What of an object can be shown in a page, and how. Pure.

#include <infra/base/json.hpp>
#include <infra/storage.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace infra::dashboard {

inline constexpr std::size_t most_of_text_preview = 64 * 1024;
inline constexpr std::size_t most_of_image = 5 * 1024 * 1024;

/// "image", "text" or "none": by the type that it says it has, and its size.
std::string_view preview_of(const storage::object_info& of);

/// The type of a picture by its first bytes, whatever it says that it is: "image/png", or empty. Nothing that can hold script.
std::string_view image_type_of(std::string_view bytes) noexcept;

/// Of a text that was cut somewhere: without the half of a character at its end. Empty where it is no UTF-8.
std::string_view text_in(std::string_view bytes) noexcept;

json::object document_of(const storage::object_info& o);
/// Folders and objects, in the order of their names.
json::array documents_of(const storage::list_page& page);

/// Behind the last '/'.
std::string_view name_of(std::string_view key) noexcept;

} // namespace infra::dashboard
