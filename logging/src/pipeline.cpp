#include "pipeline_state.hpp"

#include <infra/base/context.hpp>

#include <algorithm>
#include <stdexcept>

#include <pthread.h>
#include <signal.h>

namespace infra::logging {
namespace detail {
namespace {

using namespace std::chrono_literals;

constexpr auto nap_length = 1ms;
constexpr unsigned naps_before_sleep = 100;

pipeline_options checked(pipeline_options options) {
    if (options.buffer_bytes < 4096 || options.buffer_bytes > (std::size_t(1) << 30))
        throw std::invalid_argument("logging::pipeline_options::buffer_bytes must be from 4096 to 1073741824");
    if (options.longest_wait < 0ms)
        throw std::invalid_argument("logging::pipeline_options::longest_wait must not be negative");
    if (!options.time)
        throw std::invalid_argument("logging::pipeline_options::time must not be null");
    if (options.outputs.empty())
        options.outputs.push_back({.to = stdout_sink()});
    if (std::ranges::any_of(options.outputs, [](const output& o) { return !o.to; }))
        throw std::invalid_argument("logging::output::to must not be null");
    return options;
}

// Signals are for the program's threads; SIGPIPE here is the error that write(2) returns.
class signals_blocked {
public:
    signals_blocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    signals_blocked(const signals_blocked&) = delete;
    signals_blocked& operator=(const signals_blocked&) = delete;

private:
    sigset_t before_;
};

std::size_t size_of(const texts& line) noexcept { return line[0].size() + line[1].size() + line[2].size(); }

} // namespace

pipeline_state::pipeline_state(pipeline_options options)
    : options_(checked(std::move(options))), synchronous_(options_.synchronous), delivery_(options_) {
    set_levels(options_.levels);
}

void pipeline_state::set_levels(level_rules levels) {
    const std::scoped_lock lock(rules_mutex_);
    all_rules_.push_back(std::make_unique<const level_rules>(std::move(levels)));
    rules_.store(all_rules_.back().get(), std::memory_order_release);
}

// --- the caller ---

void pipeline_state::write(const log_record& record, const rendered_fields& of_logger) noexcept {
    try {
        const auto under = context::current();
        const line l{record, of_logger, under.request_id()};
        std::array<line_buffer, max_styles> buffers;
        texts rendered{};
        for (std::size_t i = 0; i < delivery_.styles().size(); ++i) {
            if (const auto& as = delivery_.styles()[i]; as.pretty)
                append_pretty_line(buffers[i], l, as.colours);
            else
                append_json_line(buffers[i], l);
            rendered[i] = buffers[i].view();
        }
        submit(record.severity, rendered);
    } catch (...) { // no memory for the line; nothing below throws anything else
        count_dropped();
    }
}

void pipeline_state::count_dropped() noexcept {
    const std::scoped_lock lock(mutex_);
    ++dropped_;
    ++pending_.dropped;
}

void pipeline_state::submit(level severity, const texts& line) {
    std::unique_lock lock(mutex_);
    if (!synchronous_ && !has_room(size_of(line)) && !wait_for_room(lock, size_of(line))) {
        ++dropped_;
        ++pending_.dropped;
        return;
    }
    append(severity, line);
    if (synchronous_ || !has_thread())
        return deliver_pending(lock);
    if (!hurry_ && pending_.bytes() > options_.buffer_bytes / 2)
        hurry_ = true;
    else if (!std::exchange(asleep_, false))
        return; // it naps, or writes, and will look
    lock.unlock();
    work_.notify_one();
}

// A line larger than the whole buffer goes alone.
bool pipeline_state::has_room(std::size_t bytes) const noexcept {
    return pending_.bytes() == 0 || pending_.bytes() + bytes <= options_.buffer_bytes;
}

bool pipeline_state::wait_for_room(std::unique_lock<std::mutex>& lock, std::size_t bytes) {
    if (options_.when_full == overflow::drop || stalled_ || writer_ == std::this_thread::get_id())
        return false;
    hurry_ = true;
    work_.notify_one();
    const auto limit = deadline::after(options_.longest_wait);
    stalled_ = !room_.wait_until(lock, limit.time(), [&] { return synchronous_ || has_room(bytes); });
    return !stalled_;
}

void pipeline_state::append(level severity, const texts& line) {
    for (std::size_t i = 0; i < line.size(); ++i)
        pending_.text[i] += line[i];
    if (delivery_.wants_marks())
        pending_.marks.push_back(
            {severity, {pending_.text[0].size(), pending_.text[1].size(), pending_.text[2].size()}});
    ++pending_.by_level[static_cast<std::size_t>(severity)];
    ++accepted_;
}

void pipeline_state::deliver_pending(std::unique_lock<std::mutex>& lock) {
    batch taken;
    std::swap(taken, pending_);
    lock.unlock();
    hand_over(taken);
    lock.lock();
    done_ += taken.lines();
    written_.notify_all();
}

// --- the thread ---

// Starts it with the first line. Without a thread to be had, callers write with their own.
bool pipeline_state::has_thread() {
    if (writer_ != std::thread::id())
        return true;
    const signals_blocked while_starting;
    try {
        thread_ = std::thread([held = shared_from_this()] { held->run(); });
        writer_ = thread_.get_id();
    } catch (const std::system_error&) {
        synchronous_ = true;
    }
    return !synchronous_;
}

void pipeline_state::run() noexcept {
    pthread_setname_np(pthread_self(), "log writer");
    batch taken;
    std::unique_lock lock(mutex_);
    while (true) {
        if (pending_.bytes() == 0 && pending_.dropped == 0) {
            if (closing_)
                break;
            if (!nap(lock))
                continue;
        }
        std::swap(taken, pending_);
        hurry_ = stalled_ = false;
        idle_naps_ = 0;
        lock.unlock();
        room_.notify_all();
        hand_over(taken);
        lock.lock();
        done_ += taken.lines();
        taken.clear(options_.buffer_bytes);
        written_.notify_all();
    }
    synchronous_ = true;
    lock.unlock();
    room_.notify_all();
    written_.notify_all();
}

// While lines flow the thread naps, so that no caller has to wake it and lines gather into batches. After some quiet it
// sleeps until the next line. True if there is something to do.
bool pipeline_state::nap(std::unique_lock<std::mutex>& lock) {
    if (idle_naps_ < naps_before_sleep) {
        ++idle_naps_;
        work_.wait_for(lock, nap_length, [this] { return hurry_ || closing_; });
    } else {
        asleep_ = true;
        work_.wait(lock, [this] { return hurry_ || closing_ || pending_.bytes() != 0; });
        asleep_ = false;
        idle_naps_ = 0;
    }
    hurry_ = false;
    return pending_.bytes() != 0;
}

void pipeline_state::hand_over(const batch& b) noexcept {
    std::uint64_t lost = 0;
    {
        const std::scoped_lock one_at_a_time(delivery_mutex_);
        const auto before = delivery_.lost();
        delivery_.deliver(b);
        lost = delivery_.lost() - before;
    }
    if (installed() == this)
        count_lines(b, lost);
}

// --- waiting for it ---

template <class Condition>
bool pipeline_state::wait_until(std::unique_lock<std::mutex>& lock, deadline limit, Condition met) {
    if (!limit.is_never())
        return written_.wait_until(lock, limit.time(), met);
    written_.wait(lock, met);
    return true;
}

bool pipeline_state::flush(deadline limit) noexcept {
    // Not a plain lock: std::terminate may have been called by a thread that holds it.
    std::unique_lock lock(mutex_, std::defer_lock);
    while (!lock.try_lock()) {
        if (limit.passed(std::chrono::steady_clock::now()))
            return false;
        std::this_thread::sleep_for(100us);
    }
    const auto target = accepted_;
    hurry_ = true;
    work_.notify_one();
    const bool all_handed_over = wait_until(lock, limit, [&] { return done_ >= target; });
    const auto lost = delivery_.lost();
    return all_handed_over && std::exchange(lost_before_, lost) == lost;
}

bool pipeline_state::close(deadline limit) noexcept {
    const bool all_written = flush(limit);
    std::unique_lock lock(mutex_);
    closing_ = true;
    if (!thread_.joinable()) {
        synchronous_ = true;
        return all_written;
    }
    work_.notify_one();
    const bool ended = wait_until(lock, limit, [&] { return synchronous_; });
    stalled_ = !ended;
    auto thread = std::move(thread_);
    lock.unlock();
    if (ended)
        thread.join();
    else
        thread.detach(); // it shares our state, and ends when its sink lets it
    return all_written && ended;
}

pipeline_counts pipeline_state::counts() const noexcept {
    const std::scoped_lock lock(mutex_);
    return {.accepted = accepted_, .dropped = dropped_, .lost = delivery_.lost()};
}

} // namespace detail

pipeline::pipeline(pipeline_options options) : state_(std::make_shared<detail::pipeline_state>(std::move(options))) {}

pipeline::~pipeline() {
    detail::uninstall(state_.get());
    close(deadline::after(std::chrono::seconds(5)));
}

bool pipeline::enabled(level l, std::string_view module) const noexcept { return state_->enabled(l, module); }
void pipeline::set_levels(level_rules levels) { state_->set_levels(std::move(levels)); }
bool pipeline::flush(deadline limit) noexcept { return state_->flush(limit); }
bool pipeline::close(deadline limit) noexcept { return state_->close(limit); }
void pipeline::install() noexcept { detail::install(state_); }
pipeline_counts pipeline::counts() const noexcept { return state_->counts(); }

} // namespace infra::logging
