#include "requests.hpp"

#include "error_name.hpp"

#include <infra/base/id.hpp>
#include <infra/base/telemetry.hpp>
#include <infra/storage/storage.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace infra::storage {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t slowest_a_second = 64 << 10; // bytes; what is slower than that is as good as stuck

// So much before an attempt is ended the bucket is asked to end it: then it still tells what became of it.
deadline somewhat_before(deadline until, steady_time now) {
    using namespace std::chrono_literals;
    if (until.is_never())
        return until;
    return until.time() - std::min<std::chrono::nanoseconds>(until.remaining(now) / 10, 250ms);
}

} // namespace

storage_error failure_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const storage_error& e) {
        return e;
    } catch (const error& e) {
        return {e.code(), e.what()};
    }
}

requests::requests(const storage_options& options, const bucket& asked, const instruments& told)
    : options_(options),
      bucket_(asked),
      told_(told),
      time_(*options.time),
      turns_(options.max_requests, told, time_),
      budget_(options.retry_budget) {}

milliseconds requests::attempt_time(const request_kind& how) const noexcept {
    const auto time = how.time.value_or(options_.attempt_timeout);
    return time == milliseconds::max() ? time : time + std::chrono::seconds(how.body / slowest_a_second);
}

void requests::succeeded(std::optional<turn>& mine) const {
    if (mine)
        mine->succeeded();
    const std::scoped_lock lock(mutex_);
    budget_.succeeded();
}

bool requests::spend_one() const {
    const std::scoped_lock lock(mutex_);
    return budget_.take();
}

next_attempt requests::plan(const storage_error& failure, int made, bool idempotent, deadline limit) const {
    const attempt_rules rules{.attempts = options_.attempts,
                              .pause = options_.pause,
                              .remote = bucket_.traits().remote,
                              .idempotent = idempotent};
    auto next = after_failure(failure, made, rules, limit.remaining(time_.steady()), random_01());
    if (!next.pause)
        return next;
    if (!spend_one())
        return {.reason = "too many requests have failed of late (storage_options::retry_budget)"};
    told_.retried(name_of(failure.code()));
    telemetry::log(level::info, "storage", "will be tried again",
                   {{"bucket", bucket_.name()},
                    {"reason", name_of(failure.code())},
                    {"attempt", made + 1},
                    {"pause", *next.pause}});
    return next;
}

requests::attempts_made::attempts_made(const requests& of, request_kind how, deadline limit)
    : of_(of), how_(std::move(how)), limit_(limit) {}

std::string requests::attempts_made::what() const {
    return how_.key.empty() ? std::string(how_.op) : std::string(how_.op) + " " + how_.key;
}

deadline requests::attempts_made::turn_limit() const {
    return earlier(limit_, deadline::after(of_.options_.timeout, of_.time_.steady()));
}

attempt requests::attempts_made::begin() {
    const auto now = of_.time_.steady();
    if (limit_.passed(now))
        throw storage_error(infra::errc::timed_out, what() + ": the deadline passed before the store was asked");
    until_ = earlier(limit_, deadline::after(of_.attempt_time(how_), now));
    return {.limit = somewhat_before(until_, now), .number = ++made_, .maybe_done = uncertain_};
}

// Of what took too long nobody knows whether it was done.
storage_error requests::attempts_made::failure_of_attempt(const std::exception_ptr& thrown) const {
    try {
        std::rethrow_exception(thrown);
    } catch (const storage_error& e) {
        return e;
    } catch (const error& e) {
        if (e.code() == infra::errc::timed_out)
            return {e.code(),
                    what() + ": " + of_.bucket_.description() + " did not answer in time",
                    {.name = "timed_out", .retryable = true, .uncertain = true}};
        return {e.code(), what() + ": " + e.what()};
    }
}

milliseconds requests::attempts_made::pause_after(const std::exception_ptr& thrown, std::optional<turn>& mine) {
    const auto failure = failure_of_attempt(thrown);
    if (failure.code() == errc::throttled && mine)
        mine->throttled();
    if (failure.code() == errc::integrity)
        of_.told_.checksum_failed();
    const auto next = how_.only_once ? next_attempt() : of_.plan(failure, made_, how_.idempotent, limit_);
    uncertain_ = uncertain_ || failure.uncertain();
    if (!next.pause)
        throw summed_up(failure, made_, uncertain_, next.reason);
    return *next.pause;
}

} // namespace infra::storage
