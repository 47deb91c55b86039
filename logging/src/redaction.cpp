#include "redaction.hpp"

#include <algorithm>
#include <stdexcept>

namespace infra::logging::detail {
namespace {

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> parts;
    while (true) {
        const auto dot = path.find('.');
        parts.emplace_back(path.substr(0, dot));
        if (parts.back().empty())
            throw std::invalid_argument("logging::redaction::paths must have a key on both sides of each dot");
        if (dot == path.npos)
            return parts;
        path.remove_prefix(dot + 1);
    }
}

bool matches(std::string_view part, std::string_view key) noexcept { return part == "*" || part == key; }

} // namespace

redactor::redactor(const redaction& options) {
    for (const auto& each : options.keys) {
        if (each.empty())
            throw std::invalid_argument("logging::redaction::keys must not be empty");
        std::string lower(each);
        std::ranges::transform(lower, lower.begin(), to_lower);
        known_[hash(lower)] = true;
        keys_.push_back(std::move(lower));
    }
    for (const auto& each : options.paths) {
        paths_.push_back(parts_of(each));
        if (paths_.back().front() == "*")
            known_.fill(true);
        else
            known_[hash(paths_.back().front())] = true;
    }
}

bool redactor::is_hidden_key(std::string_view key) const noexcept {
    return std::ranges::any_of(
        keys_, [key](const std::string& hidden) { return std::ranges::equal(hidden, key, {}, {}, to_lower); });
}

bool redactor::begins_path(std::string_view key) const noexcept {
    return std::ranges::any_of(paths_, [key](const path& p) { return matches(p.front(), key); });
}

bool redactor::hides(std::string_view key) const noexcept {
    return is_hidden_key(key) ||
           std::ranges::any_of(paths_, [key](const path& p) { return p.size() == 1 && matches(p.front(), key); });
}

json::value redactor::inside(std::string_view key, json::value v) const {
    std::vector<step> reached;
    for (const auto& each : paths_)
        if (matches(each.front(), key))
            reached.push_back({&each, 1});
    go_into(v, reached);
    return v;
}

void redactor::go_into(json::value& v, const std::vector<step>& reached) const {
    if (auto* object = v.if_object()) {
        for (auto& member : *object)
            visit(member.key(), member.value(), reached);
    } else if (auto* list = v.if_array()) {
        for (std::size_t i = 0; i < list->size(); ++i)
            visit(std::to_string(i), (*list)[i], reached);
    }
}

void redactor::visit(std::string_view key, json::value& v, const std::vector<step>& reached) const {
    std::vector<step> further;
    for (const auto& each : reached)
        if (each.depth < each.of->size() && matches((*each.of)[each.depth], key))
            further.push_back({each.of, each.depth + 1});
    const auto ends = [](const step& s) { return s.depth == s.of->size(); };
    if (is_hidden_key(key) || std::ranges::any_of(further, ends))
        v = redacted_text;
    else
        go_into(v, further);
}

} // namespace infra::logging::detail
