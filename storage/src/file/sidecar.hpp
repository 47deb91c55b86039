#pragma once

/// What is known of an object beside its bytes, as the text of a file.

#include "tree.hpp"

#include <infra/storage/object.hpp>
#include <infra/storage/options.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::storage::disk {

struct sidecar {
    std::string key{};
    object_attributes attributes{};
    std::optional<infra::storage::checksum> checksum{};
};

/// One line of JSON.
std::string to_text(const sidecar& from);

/// Empty for what to_text() could not have written, and for attributes that no header could carry.
std::optional<sidecar> from_text(std::string_view text);

/// "crc32c:…" in Base64, and back.
std::string to_text(const checksum& sum);
std::optional<checksum> checksum_from_text(std::string_view text);

/// Of the version alone, so that lists need not open what they list.
std::string etag_of(const version& which);

/// What callers are told; `known` is empty for a file that somebody has put there by hand.
object_info info_of(std::string key, const version& which, const std::optional<sidecar>& known);

} // namespace infra::storage::disk
