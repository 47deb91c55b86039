#include "search.hpp"

#include <infra/http_server/response.hpp>

#include <algorithm>
#include <string>

namespace infra::dashboard {
namespace {

std::string* field_named(queue::job_filter& filter, std::string_view word) noexcept {
    if (word == "name")
        return &filter.name;
    if (word == "error" || word == "reason")
        return &filter.reason_contains;
    if (word == "data")
        return &filter.data_contains;
    return word == "group" ? &filter.group : nullptr;
}

// Takes what stands in front: up to a blank, or in quotation marks, where a backslash takes the next one as it is.
std::string take_value(std::string_view& text) {
    std::string value;
    const bool quoted = text.starts_with('"');
    auto at = std::size_t{quoted};
    for (; at < text.size() && text[at] != (quoted ? '"' : ' '); ++at) {
        if (quoted && text[at] == '\\' && at + 1 < text.size())
            ++at;
        value += text[at];
    }
    text.remove_prefix(std::min(at + std::size_t{quoted}, text.size()));
    return value;
}

} // namespace

void add_search(queue::job_filter& filter, std::string_view text) {
    std::string elsewhere;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        if (text.empty())
            break;
        const auto colon = text.find_first_of(": \"");
        auto* field = colon != std::string_view::npos && text[colon] == ':' ? field_named(filter, text.substr(0, colon))
                                                                            : nullptr;
        if (field) {
            text.remove_prefix(colon + 1);
            *field = take_value(text);
        } else {
            elsewhere.append(elsewhere.empty() ? "" : " ").append(take_value(text));
        }
    }
    if (!elsewhere.empty())
        filter.data_contains = std::move(elsewhere);
}

queue::job_state state_named(std::string_view name) {
    for (std::size_t i = 0; i < queue::job_states; ++i)
        if (const auto state = static_cast<queue::job_state>(i); to_string(state) == name)
            return state;
    throw http::error_response(400, "no_such_state",
                               "state is one of waiting, delayed, active, completed, failed and waiting_children");
}

} // namespace infra::dashboard
