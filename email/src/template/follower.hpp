#pragma once

/// Following steps with the data at hand.

#include "../bidi.hpp"
#include "link.hpp"
#include "scope.hpp"
#include "steps.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace infra::email {

/// Knows where values are from and which sections stand. What is written is for the Writer, which is derived from it, to say:
/// literal(text), value(text), target(url), and other(step, values) for the kinds it alone knows.
template <class Writer>
class follower {
public:
    void follow(const steps& all, const scope& values) {
        for (const auto& each : all)
            follow(each, values);
    }

private:
    void follow(const step& s, const scope& values) {
        switch (s.kind) {
        case step_kind::literal: return writer().literal(s.text);
        case step_kind::value: return writer().value(shown(s, values));
        case step_kind::target: return writer().target(filled(s, values));
        case step_kind::section:
        case step_kind::inverted:
            return values.each(s.name, s.kind == step_kind::inverted,
                               [&](const scope& inside) { follow(s.inside, inside); });
        default: writer().other(s, values);
        }
    }

    // A tag without a value stays as it is written.
    std::string_view shown(const step& s, const scope& values) {
        const auto found = values.text(s.name, room_);
        return found ? with_directions_ended(*found, room_) : s.text;
    }

    std::string filled(const step& s, const scope& values) {
        return fill_target(s.url, [&](std::string_view name) { return values.text(name, room_); });
    }

    Writer& writer() noexcept { return static_cast<Writer&>(*this); }

    std::string room_; // for a value that is not there as it is shown
};

} // namespace infra::email
