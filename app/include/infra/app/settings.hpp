#pragma once

/// Every environment variable that infra reads: what it means, what it is now, and what is wrong with it.
///
///     const auto env = infra::environment::of_process();
///     for (const auto& each : app::effective_settings(env))
///         std::cout << each.known->name << " = " << each.value << "\n";
///     for (const auto& each : app::check_settings(env).problems)
///         std::cerr << each << "\n";
///
/// One table says it for the service, the `infra config` command, the dashboard and the book. A test reads the sources and fails where
/// a variable is asked for that is not in it.

#include <infra/runtime/environment.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace infra::app {

/// What a value looks like.
enum class setting_kind {
    text,
    url,      ///< shown without user and password
    integer,  ///< from `lowest` to `highest`
    number,   ///< the same with decimals
    duration, ///< `250ms`, `25s`, `5m`, `2h`, `7d`
    bytes,    ///< `64kb`, `10mb`, `2gb`, or a plain number
    boolean,  ///< `true`, `1`, `yes`, `on`, or the opposites
    choice,   ///< one of `choices`
    list,     ///< items with commas between
    levels,   ///< `info`, `info,db=debug`
    path,     ///< of a file or folder
};

std::string_view to_string(setting_kind kind) noexcept;

/// A variable. Each may also be given as `NAME_FILE`, the path of a file that holds the value.
struct setting {
    std::string_view name;
    std::string_view module; ///< the room that reads it: "queue"
    setting_kind kind = setting_kind::text;
    std::string_view meaning;      ///< a sentence
    std::string_view fallback{};   ///< what counts when it is not set, as one would write it; empty: nothing does
    std::string_view example{};    ///< of a value
    std::int64_t lowest = 0;       ///< of integers and numbers; of a secret, the fewest bytes
    std::int64_t highest = 0;      ///< of integers and numbers
    std::string_view choices{};    ///< words with commas between
    bool secret = false;           ///< never shown, not even in part
    bool reserved_for_cli = false; ///< the `infra` command reads it, a service does not
    bool set_by_others = false;    ///< systemd or the shell says it, nobody writes it down
};

/// All of them, by module and then in the order of interest.
std::span<const setting> known_settings() noexcept;

/// The one of that name; null for others.
const setting* find_setting(std::string_view name) noexcept;

/// What a value has to be: "a whole number from 0 to 65535", "one of gzip, none".
std::string expected_form(const setting& of);

/// Where a value comes from.
enum class setting_source {
    standard,    ///< it is not set: the fallback counts
    environment, ///< of the process
    file,        ///< the one that NAME_FILE names
    dotenv,      ///< `.env`, for what the process was not started with
};

std::string_view to_string(setting_source source) noexcept;

/// A variable as it is now.
struct effective_setting {
    const setting* known;
    /// Fit to be shown: a URL without user and password, a secret as "(set)"; where nothing is set, what counts instead: another
    /// variable's value (REDIS_URL's for QUEUE_URL) or the fallback; or empty.
    std::string value{};
    setting_source source = setting_source::standard;
    std::string problem{}; ///< what is wrong with the form of its value; empty: nothing is
};

/// All of known_settings(), in their order. `dotenv` is what a `.env` file said, and stands beneath the rest.
std::vector<effective_setting> effective_settings(const environment& variables, const environment& dotenv = {});

struct settings_report {
    std::vector<std::string> problems; ///< "PORT: expected a whole number from 0 to 65535"; a service does not start
    std::vector<std::string> warnings; ///< "QUEUE_ULR is not read by anything; did you mean QUEUE_URL?"
};

/// All that is wrong, at once: values of the wrong form, sets of which half is missing, NAME beside NAME_FILE, what modules say about
/// their own; and what looks like a mistake: INFRA_* names that nobody reads, and near misses. Names only, never a value. Opens nothing
/// but the files that NAME_FILE names and, where S3 needs them, AWS's credentials.
///
/// Of each variable no more than one problem is told.
settings_report check_settings(const environment& variables);

} // namespace infra::app
