#pragma once

/// What a PUT or a form asks a store to keep, and how it is answered. Pure.

#include "../sigv4/sigv4.hpp"
#include "form_splitter.hpp"
#include "target.hpp"

#include <infra/base/http_message.hpp>
#include <infra/http_server/response.hpp>
#include <infra/storage/options.hpp>

#include <optional>
#include <string>

namespace infra::storage::serve {

/// Of a PUT's header fields, or of a form's. Throws refused for a condition that no store here knows.
put_options options_by(const http::headers& fields);

/// A form's as header fields; what cannot be in one is refused.
http::headers headers_of(const sigv4::fields& form);

/// The key a form asks for, with the file's name in it. Throws refused for what can be none.
std::string key_of(const sigv4::fields& form, const form_item& file);

struct part_place {
    int number = 0;
    std::string upload{};
};

/// Of `?partNumber=…&uploadId=…`; empty where it is no part. Throws refused for half of it.
std::optional<part_place> part_of(const signed_target& target);

/// 200 with ETag and checksum.
http::response answer_put(const object_info& info);

/// As `success_action_redirect` or `success_action_status` say; otherwise 204.
http::response answer_form(const object_info& info, const sigv4::fields& form, std::string_view bucket,
                           const std::string& location);

} // namespace infra::storage::serve
