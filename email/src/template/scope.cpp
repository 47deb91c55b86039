#include "scope.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email/error.hpp>

#include <algorithm>

namespace infra::email {
namespace {

// Of all bytes together, which takes no branch for each.
bool is_ascii(std::string_view text) noexcept {
    unsigned char bits = 0;
    for (const char c : text)
        bits |= static_cast<unsigned char>(c);
    return bits < 0x80;
}

// Most values are well-formed strings: they are looked at and not copied.
std::string_view text_of(const json::value& v, std::string& room) {
    if (const auto* const text = v.if_string(); text && (is_ascii(*text) || encoding::is_utf8(*text)))
        return *text;
    return room = v.is_string() ? encoding::to_utf8(v.get_string()) : json::to_text(v);
}

const json::value* inside(const json::value* found, std::string_view path) noexcept {
    while (found && !path.empty()) {
        const auto* const object = found->if_object();
        const auto word = path.substr(0, path.find('.'));
        found = object ? object->if_contains(word) : nullptr;
        path.remove_prefix(std::min(word.size() + 1, path.size()));
    }
    return found;
}

} // namespace

void list_of_names::add(std::string_view name) {
    if (std::ranges::find(names_, name) == names_.end())
        names_.emplace_back(name);
}

std::string list_of_names::joined() const {
    std::string all;
    for (const auto& each : names_)
        all.append(all.empty() ? "" : ", ").append(each);
    return all;
}

const json::value* scope::find(std::string_view name) const noexcept {
    if (name == ".")
        return here_;
    const auto word = name.substr(0, name.find('.'));
    for (const auto* in = this; in; in = in->outer_)
        if (const auto* const found = in->fields_ ? in->fields_->if_contains(word) : nullptr)
            return inside(found, name.substr(std::min(word.size() + 1, name.size())));
    return nullptr;
}

std::optional<std::string_view> scope::text(std::string_view name, std::string& room) const {
    const auto* const found = find(name);
    if (found && !found->is_null())
        return text_of(*found, room);
    rendering_.missing.add(name);
    return std::nullopt;
}

// A section's name that is not there is a slip of the pen, where null says that there is nothing.
const json::value* scope::find_or_note(std::string_view name) const {
    const auto* const found = find(name);
    if (!found)
        rendering_.missing.add(name);
    return found;
}

void scope::count() const {
    constexpr std::size_t most = 1'000'000;
    if (++rendering_.repeated > most)
        throw error(errc::too_large,
                    "the data repeat the template's sections over a million times; give it shorter lists");
}

bool scope::is_true(const json::value& v) noexcept {
    switch (v.kind()) {
    case boost::json::kind::null: return false;
    case boost::json::kind::bool_: return v.get_bool();
    case boost::json::kind::int64: return v.get_int64() != 0;
    case boost::json::kind::uint64: return v.get_uint64() != 0;
    case boost::json::kind::double_: return v.get_double() != 0;
    case boost::json::kind::string: return !v.get_string().empty();
    case boost::json::kind::array: return !v.get_array().empty();
    default: return true;
    }
}

} // namespace infra::email
