#pragma once

/// XML as S3s write it: with AWS's namespace, another one, a prefix, or none. Pure.

#include <pugixml.hpp>

#include <string>
#include <string_view>

namespace infra::storage::s3 {

/// A document that was read, or nothing: also for one of more elements and attributes than any S3 has, which would take much memory.
class xml {
public:
    explicit xml(std::string_view text);

    explicit operator bool() const noexcept { return root_; }
    pugi::xml_node root() const noexcept { return root_; }
    bool is(std::string_view name) const noexcept; ///< whether the root has this name

private:
    pugi::xml_document document_;
    pugi::xml_node root_;
};

/// Without its prefix.
std::string_view name_of(const pugi::xml_node& element) noexcept;

/// The first element below of this name; one that is not there has no text and no children.
pugi::xml_node child(const pugi::xml_node& of, std::string_view name) noexcept;

/// All text directly in it; empty where it is not there.
std::string text_of(const pugi::xml_node& element);
inline std::string text_in(const pugi::xml_node& of, std::string_view name) { return text_of(child(of, name)); }

/// Calls `f` with each element below of this name.
template <class F>
void each(const pugi::xml_node& of, std::string_view name, F f) {
    for (const auto& below : of.children())
        if (name_of(below) == name)
            f(below);
}

} // namespace infra::storage::s3
