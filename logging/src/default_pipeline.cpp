#include "pipeline_state.hpp"

#include <infra/logging/logger.hpp>

#include <infra/base/error.hpp>
#include <infra/runtime/environment.hpp>

#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>

namespace infra::logging {
namespace {

using namespace std::chrono_literals;

// Not statics of functions: another thread may fork while one is made, and its child would wait for it for ever.
struct defaults {
    std::mutex making; // held over a fork
    std::atomic<pipeline*> made{nullptr};
    std::atomic<const logger*> made_logger{nullptr};
    std::optional<pipeline_options> wanted; // guarded by making
};
defaults& ours() noexcept {
    static auto& one = *new defaults;
    return one;
}
[[maybe_unused]] const auto& before_any_thread = ours();

// What std::terminate did before us.
std::terminate_handler terminate_before = nullptr;

[[noreturn]] void drain_and_terminate() {
    default_pipeline().flush(deadline::after(1s));
    if (terminate_before)
        terminate_before();
    std::abort();
}

void drain_at_exit() { default_pipeline().close(deadline::after(5s)); }

configured_pipeline configured() {
    if (auto& wanted = ours().wanted)
        return {.options = std::move(*wanted), .problems = {}};
    return options_from(environment::of_process());
}

pipeline& make_default() {
    auto from = configured();
    const bool at_crash = from.options.drain_at_crash;
    auto& made = *new pipeline(std::move(from.options));
    made.install();
    terminate_before = std::set_terminate(&drain_and_terminate);
    const logger speaks({.module = "logging", .level = level::debug, .to = &made});
    for (const auto& problem : from.problems)
        speaks.warn(problem);
    std::atexit(&drain_at_exit);
    if (at_crash)
        made.drain_at_crash();
    return made;
}

pipeline& default_under_lock() {
    auto& d = ours();
    if (!d.made.load())
        d.made.store(&make_default(), std::memory_order_release);
    return *d.made.load();
}

} // namespace

void detail::before_fork_of_defaults() noexcept { ours().making.lock(); }
void detail::after_fork_of_defaults() noexcept { ours().making.unlock(); }

configured_pipeline options_from(const environment& env) {
    configured_pipeline configured;
    try {
        if (const auto levels = env.get("LOG_LEVEL")) {
            auto parsed = parse_levels(*levels);
            configured.options.levels = std::move(parsed.rules);
            for (const auto& problem : parsed.problems)
                configured.problems.push_back("LOG_LEVEL: " + problem);
        }
    } catch (const infra::error& e) { // LOG_LEVEL_FILE cannot be read; a program without a log helps nobody
        configured.problems.emplace_back(e.what());
    }
    configured.options.colours = !env.all().contains("NO_COLOR") || env.all().find("NO_COLOR")->second.empty();
    return configured;
}

pipeline& default_pipeline() {
    if (auto* const made = ours().made.load(std::memory_order_acquire))
        return *made;
    const std::scoped_lock lock(ours().making);
    return default_under_lock();
}

const logger& default_logger() {
    auto& d = ours();
    if (const auto* const made = d.made_logger.load(std::memory_order_acquire))
        return *made;
    const std::scoped_lock lock(d.making);
    if (!d.made_logger.load()) // never destroyed, so static destructors may log
        d.made_logger.store(new logger({.to = &default_under_lock()}), std::memory_order_release);
    return *d.made_logger.load();
}

void configure(pipeline_options options) {
    const std::scoped_lock lock(ours().making);
    if (ours().made.load())
        throw infra::error(errc::invalid_state, "logging::configure: the default pipeline is in use already; "
                                                "call it first in main()");
    ours().wanted = std::move(options);
    default_under_lock();
}

void install() { default_pipeline().install(); }

bool flush(deadline limit) noexcept { return default_pipeline().flush(limit); }

} // namespace infra::logging
