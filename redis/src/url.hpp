#pragma once

// URLs of servers. options_from(std::string_view), which options.hpp declares, is defined in url.cpp; what is here is
// for the resolvers of other schemes, which share its parts.

#include <infra/redis/options.hpp>

#include <string>
#include <string_view>

namespace infra::redis::detail {

/// `scheme://[userinfo@]place[?query]`, each part as it is spelled.
struct url_parts {
    std::string_view scheme;
    std::string_view userinfo;
    bool has_userinfo = false;
    std::string_view place; ///< authority without userinfo, and path
    std::string_view query;
};

url_parts split(std::string_view url);

/// The user part and the query of every scheme.
void apply_userinfo(options& o, const url_parts& parts);
void apply_query(options& o, std::string_view query);

[[noreturn]] void refuse_url(std::string_view problem);

} // namespace infra::redis::detail
