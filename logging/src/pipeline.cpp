#include "pipeline_state.hpp"

#include <infra/base/error.hpp>
#include <infra/base/id.hpp>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <stdexcept>
#include <thread>

namespace infra::logging {
namespace detail {
namespace {

using namespace std::chrono_literals;

void check(const output& o) {
    if (!o.to && !o.records)
        throw std::invalid_argument("logging::output::to must not be null where output::records is");
    if (o.to && o.records)
        throw std::invalid_argument("logging::output::to and output::records must not be given both");
}

pipeline_options checked(pipeline_options options) {
    if (options.buffer_bytes < 4096 || options.buffer_bytes > (std::size_t(1) << 30))
        throw std::invalid_argument("logging::pipeline_options::buffer_bytes must be from 4096 to 1073741824");
    if (options.longest_wait < 0ms)
        throw std::invalid_argument("logging::pipeline_options::longest_wait must not be negative");
    if (!options.time)
        throw std::invalid_argument("logging::pipeline_options::time must not be null");
    if (options.synchronous && !options.durable_ring.empty())
        throw std::invalid_argument("logging::pipeline_options::durable_ring must be empty for a synchronous pipeline, "
                                    "which keeps no lines");
    if (options.outputs.empty())
        options.outputs.push_back({.to = stdout_sink()});
    std::ranges::for_each(options.outputs, check);
    return options;
}

bool same(const level_rules& a, const level_rules& b) noexcept {
    return a.fallback == b.fallback && a.modules == b.modules;
}

} // namespace

pipeline_state::pipeline_state(pipeline_options options)
    : options_(checked(std::move(options))),
      hidden_(options_.redact),
      reader_(options_.synchronous ? reader::caller : reader::none),
      ticks_(*options_.time),
      ring_file_(options_.durable_ring.empty() ? nullptr : std::make_unique<ring_file>(options_.durable_ring)),
      lanes_(std::bit_ceil(options_.buffer_bytes), ring_file_.get()),
      delivery_(options_) {
    if (ring_file_)
        recover();
    set_levels(options_.levels);
    know(*this);
}

pipeline_state::~pipeline_state() {
    forget(*this);
    destroy(retiring_);
    destroy(retired_.load());
}

namespace {

// About the microsecond, to a second, and by chance within it: two rings that begin together go apart.
std::uint64_t first_number(wall_time now) {
    constexpr std::uint64_t second = 1 << 20;
    const auto us = std::chrono::floor<std::chrono::microseconds>(now).time_since_epoch().count();
    return (static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)) & ~(second - 1)) + 1 +
           random_u64() % (second - 1);
}

} // namespace

void pipeline_state::recover() {
    recovered_ = detail::recover(*ring_file_, delivery_);
    if (recovered_.refused)
        return complain("log lines that were left in the ring cannot be written and stay there; lines of this process "
                        "would be lost at SIGKILL");
    // Until the first round this rate is all that tells the times of lines, and it takes two looks at the clock.
    std::this_thread::sleep_for(2ms);
    ticks_.adjust();
    const auto first = recovered_.next_number != 0 ? recovered_.next_number : first_number(options_.time->wall());
    if (!ring_file_->start(std::bit_ceil(options_.buffer_bytes), first, ticks_.rate()))
        complain("the disk is full; lines of this process would be lost at SIGKILL");
}

void pipeline_state::complain(const char* what) const noexcept {
    std::fprintf(stderr, "infra::logging: the log ring %s: %s\n", ring_file_->path().c_str(), what);
}

void pipeline_state::tell_of_recovery() noexcept {
    if (!ring_file_)
        return;
    const std::string_view path = ring_file_->path().native();
    const auto say = [this](std::string_view message, std::initializer_list<field> fields) {
        write({.severity = level::warn, .module = "logging", .message = message}, {fields.begin(), fields.size()});
    };
    if (const auto& moved = ring_file_->unread_path(); !moved.empty())
        say("the log ring cannot be read; it is kept", {{"path", path}, {"moved_to", moved.native()}});
    if (recovered_.torn_rings + recovered_.unreadable > 0)
        say("the log ring was torn; log lines may be lost",
            {{"path", path}, {"rings", recovered_.torn_rings}, {"records", recovered_.unreadable}});
    if (recovered_.refused)
        say("log lines that were left cannot be written; they are kept for the next start", {{"path", path}});
    if (recovered_.count > 0 && !recovered_.refused)
        say("log lines were recovered", {{"lines", recovered_.count}, {"path", path}});
}

// A service that toggles between two sets of rules keeps two.
void pipeline_state::set_levels(level_rules levels) {
    const std::scoped_lock lock(rules_mutex_);
    auto known = std::ranges::find_if(all_rules_, [&](const auto& each) { return same(*each, levels); });
    if (known == all_rules_.end()) {
        all_rules_.push_back(std::make_unique<const level_rules>(std::move(levels)));
        known = all_rules_.end() - 1;
    }
    rules_.store(known->get(), std::memory_order_release);
    rules_number_.fetch_add(1, std::memory_order_release);
}

void pipeline_state::add_output(const output& o) {
    check(o);
    if (reads_here())
        throw infra::error(errc::invalid_state, "logging::pipeline::add_output: called by a sink while it writes");
    adding_.fetch_add(1);
    const std::unique_lock lock(reading_, 5s);
    adding_.fetch_sub(1);
    if (!lock)
        throw infra::error(errc::timed_out, "logging::pipeline::add_output: a sink has been writing for 5 s");
    delivery_.add(o);
}

// What is remembered names the rules by their number of before: of newer ones at worst they are looked up again.
std::uint64_t pipeline_state::look_up(const logger_core& core) const noexcept {
    const auto number = rules_number_.load(std::memory_order_acquire);
    const auto found = rules_.load(std::memory_order_acquire)->of(core.module);
    const auto known = number << 8 | static_cast<std::uint64_t>(found);
    core.known_level.store(known, std::memory_order_relaxed);
    return known;
}

} // namespace detail

pipeline::pipeline(pipeline_options options) : state_(std::make_shared<detail::pipeline_state>(std::move(options))) {
    state_->tell_of_recovery();
}

pipeline::~pipeline() {
    detail::uninstall(state_.get());
    close(deadline::after(std::chrono::seconds(5)));
}

bool pipeline::enabled(level l, std::string_view module) const noexcept { return state_->enabled(l, module); }
void pipeline::set_levels(level_rules levels) { state_->set_levels(std::move(levels)); }
level_rules pipeline::levels() const { return state_->levels(); }
void pipeline::add_output(output o) { state_->add_output(o); }
bool pipeline::flush(deadline limit) noexcept { return state_->flush(limit); }
bool pipeline::close(deadline limit) noexcept { return state_->close(limit); }
void pipeline::drain_at_crash() noexcept { detail::drain_at_crash(*state_); }
void pipeline::install() noexcept { detail::install(state_); }
pipeline_counts pipeline::counts() const noexcept { return state_->counts(); }

} // namespace infra::logging
