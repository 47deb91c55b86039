#pragma once

/// Where names get their values. Pure.

#include <infra/base/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email {

/// Names for a sentence, each once, in the order of the text.
class list_of_names {
public:
    void add(std::string_view name);
    bool empty() const noexcept { return names_.empty(); }
    std::string joined() const;

private:
    std::vector<std::string> names_;
};

/// What one rendering has come across.
struct rendering {
    list_of_names missing;    ///< names that were looked up in vain
    std::size_t repeated = 0; ///< how often the insides of sections were written
};

/// The data and, within sections, what each is about: a name is looked up in the innermost that knows its first word.
///
/// Lifetime: what it is made of must outlive it.
class scope {
public:
    scope(const json::object& data, rendering& of) noexcept : fields_(&data), rendering_(of) {}
    scope(const scope& outer, const json::value& here) noexcept
        : outer_(&outer), here_(&here), fields_(here.if_object()), rendering_(outer.rendering_) {}

    /// The value of `name`, a dot leading into objects, "." being what the section is about. Null if there is none.
    const json::value* find(std::string_view name) const noexcept;

    /// A string as it is, other JSON in its JSON spelling; null counts as absent. What has to be made for it is in `room`.
    std::optional<std::string_view> text(std::string_view name, std::string& room) const;

    /// Calls `f` with the scope inside, as mustache does it: for a list once for each element, for anything else that is not
    /// false once. False are what is absent or null, false, 0, "" and an empty list. Throws errc::too_large at the millionth time
    /// in one rendering: lists in lists multiply, and who knows where their elements are from.
    template <class F>
    void each(std::string_view name, bool inverted, F&& f) const {
        const auto* const about = find_or_note(name);
        const bool holds = about && is_true(*about);
        const auto repeat = [&](const scope& inside) {
            count();
            f(inside);
        };
        if (inverted && !holds)
            repeat(*this);
        else if (!inverted && holds && about->is_array())
            for (const auto& element : about->get_array())
                repeat(scope(*this, element));
        else if (!inverted && holds)
            repeat(scope(*this, *about));
    }

private:
    static bool is_true(const json::value& v) noexcept;
    const json::value* find_or_note(std::string_view name) const;
    void count() const;

    const scope* outer_ = nullptr;
    const json::value* here_ = nullptr;
    const json::object* fields_; // null: here is no object
    rendering& rendering_;
};

} // namespace infra::email
