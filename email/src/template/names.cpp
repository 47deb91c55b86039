#include "names.hpp"

#include "template_text.hpp"

#include <infra/email/error.hpp>

#include <algorithm>
#include <set>
#include <string_view>

namespace infra::email {
namespace {

// Calls `f` with each name, and whether it stands in a section, whose element may have it.
template <class F>
void each_name(const steps& in, bool in_section, const F& f) {
    for (const auto& each : in) {
        if (!each.name.empty())
            f(each.name, in_section);
        for (const auto& of : each.url)
            if (of.is_place())
                f(of.name, in_section);
        each_name(each.inside, in_section || each.kind == step_kind::section, f);
    }
}

// In the order in which strict rendering would come across them. HTML and text need not ask for the same: a target is left
// out of the text where the words of its link say it.
template <class F>
void each_name(const compiled_template& c, const F& f) {
    for (const auto* of : {&c.subject, &c.preheader, &c.html, &c.text})
        each_name(*of, false, [&](std::string_view name, bool in_section) {
            if (name != ".")
                f(name, in_section);
        });
}

// As "user.name" does in "user", and in itself.
bool lies_in(std::string_view path, std::string_view outer) noexcept {
    return path.starts_with(outer) && (path.size() == outer.size() || path[outer.size()] == '.');
}

// Data with "user.name" have "user", and "user" may be an object with anything in it.
bool is_among(const std::vector<std::string>& expected, std::string_view name) {
    return std::ranges::any_of(expected, [&](const auto& each) { return lies_in(name, each) || lies_in(each, name); });
}

} // namespace

void refuse_gaps(const email_template& t, const compiled_template& c, const list_of_names& missing) {
    list_of_names unknown;
    for (const auto& each : c.unknown)
        unknown.add(each);
    if (missing.empty() && unknown.empty())
        return;
    auto sentence = described(t) + ": " + (missing.empty() ? "" : "no value for " + missing.joined());
    if (!unknown.empty())
        sentence.append(missing.empty() ? "" : "; ")
            .append("not understood: " + unknown.joined() + "; write \\{{ for braces");
    throw error(unknown.empty() ? errc::missing_variable : errc::bad_template, sentence);
}

void refuse_unexpected(const email_template& t, const std::vector<std::string>& expected) {
    const auto parsed = compiled(t);
    list_of_names missing;
    each_name(*parsed, [&](std::string_view name, bool in_section) {
        if (!in_section && !is_among(expected, name))
            missing.add(name);
    });
    refuse_gaps(t, *parsed, missing);
}

std::vector<std::string> names_in(const email_template& t) {
    const auto parsed = compiled(t);
    std::set<std::string, std::less<>> found;
    each_name(*parsed, [&](std::string_view name, bool) { found.emplace(name); });
    return {found.begin(), found.end()};
}

} // namespace infra::email
