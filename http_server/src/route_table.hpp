#pragma once

// Patterns and what they lead to. Pure: text in, route out.

#include <infra/base/http_message.hpp>
#include <infra/http_server/router.hpp>
#include <infra/http_server/upgrade.hpp>

#include <boost/container/small_vector.hpp>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace infra::http::detail {

/// One method of one pattern.
struct route {
    http::method method = http::method::get;
    std::string pattern{};
    std::vector<std::string> names{}; ///< of the pattern's variables, from the left
    std::string span_name{};          ///< "GET /users/{id}"
    std::string head_span_name{};     ///< of HEAD, which the route for GET answers
    std::vector<std::shared_ptr<const guard>> guards{};
    detail::handler handler{};
    detail::upgrade_handler upgrade{}; ///< instead of a handler
    std::size_t number = 0;            ///< 0, 1, 2 … in the order of adding

    /// Whether it can be answered without a coroutine.
    bool is_plain() const noexcept;
};

class method_set {
public:
    void add(method m) noexcept { bits_ |= bit(m); }
    void add(method_set other) noexcept { bits_ |= other.bits_; }
    bool contains(method m) const noexcept { return (bits_ & bit(m)) != 0; }
    bool empty() const noexcept { return bits_ == 0; }

    /// "GET, HEAD, OPTIONS": with what the table answers by itself.
    std::string to_allow() const;

private:
    static unsigned bit(method m) noexcept { return 1u << static_cast<unsigned>(m); }
    unsigned bits_ = 0;
};

using path_segments = boost::container::small_vector<std::string_view, 16>;

struct route_match {
    std::shared_ptr<const detail::route> route{}; ///< null when no pattern matches, or none of those has the method
    path_segments values{};                       ///< of the route's variables
    method_set allowed{};                         ///< the methods of all patterns that match
};

/// The decoded segments of a decoded path. The raw path tells an encoded slash from one that separates.
path_segments split_path(std::string_view raw, std::string_view decoded);

class route_table {
public:
    route_table();
    ~route_table();

    void add(route added);
    void freeze() noexcept { frozen_ = true; }

    /// `path` is decoded; HEAD finds what GET does.
    route_match find(method m, std::string_view raw_path, std::string_view path) const;

    /// Whether any handler takes its body while it comes.
    bool streams_bodies() const noexcept { return streams_bodies_; }

    const std::vector<std::shared_ptr<const route>>& routes() const noexcept { return routes_; }

private:
    struct leaf;
    struct node;
    struct search;

    std::unique_ptr<node> root_;
    std::unordered_map<std::string_view, const leaf*> literal_; // patterns without variables, by their text
    std::vector<std::shared_ptr<const route>> routes_;
    bool frozen_ = false;
    bool streams_bodies_ = false;
};

} // namespace infra::http::detail
