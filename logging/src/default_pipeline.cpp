#include "pipeline_state.hpp"

#include <infra/logging/logger.hpp>

#include <infra/base/error.hpp>
#include <infra/runtime/environment.hpp>

#include <exception>

namespace infra::logging {
namespace {

using namespace std::chrono_literals;

struct wish {
    std::mutex mutex;
    std::optional<pipeline_options> options; // guarded by mutex
    bool granted = false;                    // guarded by mutex
};
wish& wanted() {
    static auto& one = *new wish;
    return one;
}

// What std::terminate did before us.
std::terminate_handler terminate_before = nullptr;

[[noreturn]] void drain_and_terminate() {
    default_pipeline().flush(deadline::after(1s));
    if (terminate_before)
        terminate_before();
    std::abort();
}

struct drained_at_exit {
    pipeline& drained;
    ~drained_at_exit() { drained.close(deadline::after(5s)); }
};

configured_pipeline configured() {
    auto& wish = wanted();
    const std::scoped_lock lock(wish.mutex);
    wish.granted = true;
    if (wish.options)
        return {.options = std::move(*wish.options), .problems = {}};
    return options_from(environment::of_process());
}

pipeline& make_default() {
    auto from = configured();
    auto& made = *new pipeline(std::move(from.options));
    made.install();
    terminate_before = std::set_terminate(&drain_and_terminate);
    const logger speaks({.module = "logging", .level = level::debug, .to = &made});
    for (const auto& problem : from.problems)
        speaks.warn(problem);
    return made;
}

} // namespace

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
    static pipeline& one = make_default();
    static const drained_at_exit at_exit{one};
    return one;
}

void configure(pipeline_options options) {
    {
        auto& wish = wanted();
        const std::scoped_lock lock(wish.mutex);
        if (wish.granted)
            throw infra::error(errc::invalid_state, "logging::configure: the default pipeline is in use already; "
                                                    "call it first in main()");
        wish.options = std::move(options);
    }
    default_pipeline();
}

void install() { default_pipeline().install(); }

bool flush(deadline limit) noexcept { return default_pipeline().flush(limit); }

} // namespace infra::logging
