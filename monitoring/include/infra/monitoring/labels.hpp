#pragma once

/// What tells the series of one metric apart.
///
///     increment("http_requests_total", {{"method", "GET"}, {"status", 200}});

#include <infra/base/telemetry.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::monitoring {

/// One label: text, an integer or a bool. No floating point, whose values have no end; no pointer.
/// A view: it lives inside one braced list, in one call.
class label {
public:
    template <class T>
        requires std::convertible_to<const T&, std::string_view>
    label(std::string_view name, const T& value) noexcept : name_(name), value_(value) {}

    template <std::integral T>
    label(std::string_view name, T value) noexcept : name_(name) {
        if constexpr (std::same_as<T, bool>) {
            value_ = value ? "true" : "false";
        } else {
            const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr;
            value_ = std::string_view(digits_.data(), static_cast<std::size_t>(end - digits_.data()));
        }
    }
    label(const label&) = delete;
    label& operator=(const label&) = delete;

    std::string_view name() const noexcept { return name_; }
    std::string_view value() const noexcept { return value_; }

private:
    std::string_view name_;
    std::string_view value_;
    std::array<char, 24> digits_; // of an integer
};

using label_map = std::map<std::string, std::string>;

/// The labels of one call: a braced list, or a map made elsewhere. A view.
class labels {
public:
    labels() noexcept = default;
    labels(std::initializer_list<label> list) noexcept : list_(list.begin(), list.size()) {}
    labels(const label_map& kept) noexcept : kept_(&kept) {}

    /// Inlined: a call that names what it counts costs little more than a look at its labels.
    template <class F>
    [[gnu::always_inline]] void for_each(F f) const {
        for (const auto& each : list_)
            f(each.name(), each.value());
        if (kept_)
            for (const auto& [name, value] : *kept_)
                f(std::string_view(name), std::string_view(value));
    }

private:
    std::span<const label> list_;
    const label_map* kept_ = nullptr;
};

} // namespace infra::monitoring
