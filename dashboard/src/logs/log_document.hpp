#pragma once

// Lines as documents: for the pages, and as the log itself has them.

#include "log_ring.hpp"

#include <infra/base/json.hpp>

#include <string>

namespace infra::dashboard {

/// As text: `8812`, `true`, `{"a":1}`; of a text itself. `storage` may hold it.
std::string_view shown_value(const logging::record_field& f, std::string& storage);

/// `{"id","at","level","module","message","trace","span","fields":{…}}`, with `"cut":true` where something is longer than `at_most` bytes
/// and only its beginning is here.
json::object document_of(const kept_line& line, std::size_t at_most);

/// As the log has it: one line of JSON with its line break.
std::string json_line_of(const kept_line& line);

} // namespace infra::dashboard
