#include "route_table.hpp"

#include <algorithm>
#include <stdexcept>

namespace infra::http::detail {
namespace {

constexpr std::size_t method_count = static_cast<std::size_t>(method::other) + 1;

struct pattern_segment {
    enum class kind { literal, variable, tail };
    kind what = kind::literal;
    std::string_view text{}; // the literal, or the variable's name
};

[[noreturn]] void refuse(std::string_view pattern, const std::string& why) {
    throw std::invalid_argument("http::router: the pattern '" + std::string(pattern) + "' " + why);
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

pattern_segment parse_segment(std::string_view pattern, std::string_view text, bool last) {
    if (text.find_first_of("{}") == std::string_view::npos)
        return {pattern_segment::kind::literal, text};
    if (!text.starts_with('{') || !text.ends_with('}'))
        refuse(pattern, "must have '{' and '}' around a whole segment");
    auto name = text.substr(1, text.size() - 2);
    const bool tail = name.ends_with("...");
    if (tail)
        name.remove_suffix(3);
    if (!is_name(name))
        refuse(pattern, "names a variable with other than letters, digits and '_'");
    if (tail && !last)
        refuse(pattern, "has something behind '{" + std::string(name) + "...}', which takes all that is left");
    return {tail ? pattern_segment::kind::tail : pattern_segment::kind::variable, name};
}

std::vector<pattern_segment> parse_pattern(std::string_view pattern) {
    if (!pattern.starts_with('/'))
        refuse(pattern, "must begin with '/'");
    std::vector<pattern_segment> segments;
    for (auto rest = pattern; !rest.empty();) {
        rest.remove_prefix(1);
        const auto end = std::min(rest.find('/'), rest.size());
        segments.push_back(parse_segment(pattern, rest.substr(0, end), end == rest.size()));
        rest.remove_prefix(end);
    }
    return segments;
}

} // namespace

bool route::is_plain() const noexcept {
    return handler.plain && std::all_of(guards.begin(), guards.end(), [](const auto& g) { return bool(g->plain); });
}

std::string method_set::to_allow() const {
    auto all = *this;
    all.add(method::options);
    if (contains(method::get))
        all.add(method::head);
    std::string text;
    for (const auto m :
         {method::get, method::head, method::post, method::put, method::patch, method::delete_, method::options})
        if (all.contains(m))
            text.append(text.empty() ? "" : ", ").append(to_string(m));
    return text;
}

struct route_table::leaf {
    std::array<std::shared_ptr<const route>, method_count> by_method{};
    method_set methods{};

    const std::shared_ptr<const route>& find(method m) const noexcept {
        const auto& found = by_method[static_cast<std::size_t>(m)];
        return !found && m == method::head ? by_method[static_cast<std::size_t>(method::get)] : found;
    }
};

struct route_table::node {
    std::vector<std::pair<std::string, std::unique_ptr<node>>> literals{};
    std::unique_ptr<node> variable{};
    leaf here{};
    leaf tail{};

    node& literal(std::string_view text) {
        for (const auto& [known, next] : literals)
            if (known == text)
                return *next;
        return *literals.emplace_back(text, std::make_unique<node>()).second;
    }
};

/// One walk down the tree, in order of precedence, until a leaf has the method.
struct route_table::search {
    method wanted;
    const path_segments& segments;
    std::string_view path;
    route_match& result;

    bool take(const leaf& at) {
        result.allowed.add(at.methods);
        result.route = at.find(wanted);
        return result.route != nullptr;
    }

    bool walk(const node& at, std::size_t depth) {
        if (depth == segments.size())
            return take(at.here);
        return walk_literal(at, depth) || walk_variable(at, depth) || walk_tail(at, depth);
    }

    bool walk_literal(const node& at, std::size_t depth) {
        for (const auto& [text, next] : at.literals)
            if (text == segments[depth])
                return walk(*next, depth + 1);
        return false;
    }

    bool walk_variable(const node& at, std::size_t depth) {
        if (!at.variable || segments[depth].empty())
            return false;
        result.values.push_back(segments[depth]);
        if (walk(*at.variable, depth + 1))
            return true;
        result.values.pop_back();
        return false;
    }

    bool walk_tail(const node& at, std::size_t depth) {
        if (at.tail.methods.empty() || !take(at.tail))
            return false;
        result.values.push_back(path.substr(static_cast<std::size_t>(segments[depth].data() - path.data())));
        return true;
    }
};

path_segments split_path(std::string_view raw, std::string_view decoded) {
    path_segments segments;
    while (!raw.empty()) {
        raw.remove_prefix(1);
        decoded.remove_prefix(1);
        const auto size = std::min(raw.find('/'), raw.size());
        const auto signs =
            static_cast<std::size_t>(std::count(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(size), '%'));
        const auto decoded_size = size - 2 * signs; // each '%' has its two digits
        segments.push_back(decoded.substr(0, decoded_size));
        raw.remove_prefix(size);
        decoded.remove_prefix(decoded_size);
    }
    return segments;
}

route_table::route_table() : root_(std::make_unique<node>()) {}
route_table::~route_table() = default;

void route_table::add(route added) {
    if (frozen_)
        throw std::logic_error("http::router: a server uses this table already; add routes before it is made");
    streams_bodies_ |= bool(added.handler.streamed);
    const auto segments = parse_pattern(added.pattern);
    auto* at = root_.get();
    auto* end = &at->here;
    for (const auto& [what, text] : segments) {
        if (what != pattern_segment::kind::literal) {
            if (std::find(added.names.begin(), added.names.end(), text) != added.names.end())
                refuse(added.pattern, "has two variables named '" + std::string(text) + "'");
            added.names.emplace_back(text);
        }
        if (what == pattern_segment::kind::tail) {
            end = &at->tail;
            break;
        }
        if (what == pattern_segment::kind::variable && !at->variable)
            at->variable = std::make_unique<node>();
        at = what == pattern_segment::kind::variable ? at->variable.get() : &at->literal(text);
        end = &at->here;
    }
    auto& place = end->by_method[static_cast<std::size_t>(added.method)];
    if (place)
        refuse(added.pattern,
               "is routed for " + std::string(to_string(added.method)) + " already, as '" + place->pattern + "'");
    added.number = routes_.size();
    added.span_name = std::string(to_string(added.method)) + " " + added.pattern;
    added.head_span_name = "HEAD " + added.pattern;
    place = routes_.emplace_back(std::make_shared<const route>(std::move(added)));
    end->methods.add(place->method);
    if (place->names.empty())
        literal_.emplace(place->pattern, end);
}

route_match route_table::find(method m, std::string_view raw_path, std::string_view path) const {
    route_match result;
    if (!path.starts_with('/')) // OPTIONS *
        return result;
    if (raw_path.size() == path.size()) // nothing was decoded
        if (const auto found = literal_.find(path); found != literal_.end())
            if (const auto& exact = found->second->find(m)) {
                result.route = exact;
                return result;
            }
    const auto segments = split_path(raw_path, path);
    search{m, segments, path, result}.walk(*root_, 0);
    return result;
}

} // namespace infra::http::detail
