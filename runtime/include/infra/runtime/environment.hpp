#pragma once

/// Options from the environment, read once, typed, with errors that name the variable.
///
///     auto env = infra::environment::of_process();
///     auto port = env.integer("PORT", 3000, 1, 65535);
///     auto key = env.get("RESEND_API_KEY");              // or the contents of the file RESEND_API_KEY_FILE names

#include <infra/base/time.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace infra {

/// A snapshot of variables.
///
/// An empty variable counts as absent. `NAME_FILE` names a file whose contents (less one final line break, at most
/// 64 KiB) are the value of NAME: the way containers hand out secrets. Setting both is an error, and so is an empty file.
///
/// Threads:  const members from any thread.
/// Errors:   infra::error with errc::misconfigured: `PORT: expected a whole number from 1 to 65535`. The value is not
///           repeated, since any of them may be a secret that landed in the wrong variable.
class environment {
public:
    using variables = std::map<std::string, std::string, std::less<>>;

    /// What the process was started with, over set_beneath_process(). Call before threads change it.
    static environment of_process();

    environment() = default; ///< empty
    explicit environment(variables values) : values_(std::move(values)) {}

    std::optional<std::string> get(std::string_view name) const;
    std::string get_or(std::string_view name, std::string_view fallback) const;
    bool has(std::string_view name) const { return get(name).has_value(); }

    /// A whole number from `lowest` to `highest`.
    std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t lowest, std::int64_t highest) const;

    /// `true`, `1`, `yes`, `on` or `false`, `0`, `no`, `off`.
    bool boolean(std::string_view name, bool fallback) const;

    /// `250ms`, `25s`, `5m`, `2h`, `7d`.
    std::chrono::milliseconds duration(std::string_view name, std::chrono::milliseconds fallback) const;

    /// `64kb`, `1mb`, `2gb` (powers of 1024) or a plain number of bytes.
    std::uint64_t bytes(std::string_view name, std::uint64_t fallback) const;

    const variables& all() const noexcept { return values_; }

private:
    variables values_;
};

/// The readers behind the members; empty when the text is not of the form.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;
std::optional<std::uint64_t> parse_bytes(std::string_view text) noexcept;

} // namespace infra
