#pragma once

/// What a call may ask for. Pure; all throw storage_error with infra::errc::invalid_input and a sentence that names the field, or with
/// errc::unsupported.

#include <infra/storage/bucket.hpp>
#include <infra/storage/options.hpp>
#include <infra/storage/signing.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace infra::storage {

bool is_token(std::string_view name) noexcept; ///< RFC 9110: the name of a field
bool is_text(std::string_view value) noexcept; ///< UTF-8 without control characters

/// Attributes with the metadata's names in lower case, and store_headers' as well.
object_attributes checked(object_attributes attributes, const bucket_traits& can);

write_conditions checked(write_conditions conditions, const bucket_traits& can);
read_conditions checked(read_conditions conditions);

void check_range(const std::optional<byte_range>& range);
void check_how(const put_options& options); ///< sizes and numbers
void check_page(const list_options& options);

void check_expiry(std::chrono::seconds expires);
void check_signed(const signed_url_options& options);
void check_policy(const post_policy& policy, const bucket_traits& can);

} // namespace infra::storage
