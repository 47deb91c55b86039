#pragma once

/// The checks of `infra doctor`, each a file: a judgement, which is a function of facts, and a probe that gathers them.

#include "finding.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/runtime/blocking_pool.hpp>
#include <infra/runtime/environment.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace infra::cli::doctor {

/// What a service would be started with, and how to look.
struct situation {
    environment variables{};                      ///< with those of a `.env` file beneath
    std::string env_file{};                       ///< that file; empty: none was read
    std::vector<std::string> env_file_problems{}; ///< of its lines
    std::chrono::milliseconds patience{5000};     ///< for each check
    bool login = false;                           ///< try passwords too
};

struct check {
    std::string_view name;     ///< for --only: "redis"
    std::string_view looks_at; ///< in a few words
    /// Why there is nothing to look at; empty: there is.
    std::string (*absent)(const situation&);
    awaitable<findings> (*look)(situation);
};

/// In the order in which they are told.
std::span<const check> all_checks() noexcept;

/// Threads for what may block on a disk or a resolver that does not answer. They are never joined: the command ends although one of them
/// hangs.
blocking_pool& patient_threads();

/// For the table of checks: a probe that blocks.
template <findings (*Look)(const situation&)>
awaitable<findings> on_a_thread(situation of) {
    auto look = [of = std::move(of)] { return Look(of); };
    co_return co_await patient_threads().run(std::move(look));
}

/// For the table of checks: one that always has something to look at.
inline std::string always(const situation&) { return {}; }

} // namespace infra::cli::doctor
