#pragma once

/// Replies as a reader would write them, and bytes cut into pieces.

#include "src/parser.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace infra::redis {

/// `[1 "a" -ERR null]`, with a letter before a list that is no array: s set, m map, p push.
inline std::string shown(const reply& r) {
    using kind = reply::kind;
    switch (r.type()) {
    case kind::null: return "null";
    case kind::boolean: return r.as_boolean() ? "true" : "false";
    case kind::integer: return std::to_string(r.as_integer());
    case kind::real: {
        auto text = std::to_string(r.as_real());
        return text.substr(0, text.find_last_not_of('0') + 1);
    }
    case kind::text: return "\"" + r.as_text() + "\"";
    case kind::verbatim: return "v\"" + r.as_text() + "\"";
    case kind::big_number: return r.as_text();
    case kind::error: return "-" + std::string(r.error_message());
    default: break;
    }
    std::string out = r.type() == kind::set ? "s[" : r.type() == kind::map ? "m[" : r.type() == kind::push ? "p[" : "[";
    for (const auto& each : r.items())
        out += (out.ends_with('[') ? "" : " ") + shown(each);
    return out + "]";
}

/// What a parser makes of a stream.
struct parsed {
    std::vector<std::string> messages{}; ///< as shown()
    detail::parser::status end = detail::parser::status::hungry;
    std::string why{};
    bool within = false; ///< more was to come
};

inline parsed parse(std::string_view bytes, std::size_t step = std::string_view::npos,
                    detail::parser_limits limits = {}) {
    parsed out;
    detail::parser parser(limits);
    while (!bytes.empty() && (out.end == detail::parser::status::hungry)) {
        auto piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        while ((out.end = parser.feed(piece)) == detail::parser::status::message)
            out.messages.push_back(shown(parser.take()));
    }
    out.why = parser.why();
    out.within = parser.is_within();
    return out;
}

} // namespace infra::redis
