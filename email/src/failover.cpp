#include <infra/email/failover.hpp>

#include "failover_plan.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <utility>

namespace infra::email {
namespace {

// As said in failover.hpp.
constexpr std::size_t remembered_mails = 10'000;

/// One mail on its way through the list.
struct journey {
    mail what;
    std::string key = key_of(what);
    std::vector<met> failures{};
    std::vector<std::size_t> asked{};
    std::optional<delivery> end{};
};

bool is_cancellation(const boost::system::error_code& code) noexcept {
    return code == asio::error::operation_aborted || code == infra::errc::cancelled;
}

// What was thrown keeps the transport from working at all, so nothing was accepted; but for a wait that was broken off.
send_error failure_from(const error& thrown) {
    if (const auto* const said = dynamic_cast<const send_error*>(&thrown))
        return *said;
    if (thrown.code() == infra::errc::timed_out)
        return {thrown.code(), thrown.what(), {.name = "timed_out", .retryable = true, .uncertain = true}};
    return {thrown.code(), thrown.what()};
}

class failover final : public transport {
public:
    explicit failover(failover_options o)
        : options_(std::move(o)), rests_(options_.transports.size()), holders_(remembered_mails) {}

    std::string_view name() const noexcept override { return "failover"; }

    transport_traits traits() const noexcept override {
        auto all = options_.transports.front()->traits();
        for (const auto& each : options_.transports) {
            const auto one = each->traits();
            all = {.keeps_keys = all.keeps_keys && one.keeps_keys,
                   .schedules = all.schedules && one.schedules,
                   .hosts_templates = all.hosts_templates && one.hosts_templates,
                   .has_topics = all.has_topics && one.has_topics,
                   .max_batch = std::min(all.max_batch, one.max_batch)};
        }
        return all;
    }

    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) override {
        std::vector<journey> all;
        for (auto& each : mails)
            all.push_back({.what = std::move(each)});
        for (auto next = next_group(all); !next.all.empty(); next = next_group(all)) {
            auto done = co_await ask(next.with, mails_of(next), limit);
            for (std::size_t i = 0; i < done.size(); ++i)
                settle(*next.all[i], next.with, std::move(done[i]), limit);
        }
        std::vector<delivery> ends;
        for (auto& each : all)
            ends.push_back(std::move(*each.end));
        co_return ends;
    }

private:
    /// Those that ask the same transport next, in order.
    struct group {
        std::size_t with = 0;
        std::vector<journey*> all{};
    };

    group next_group(std::vector<journey>& all) {
        const std::scoped_lock lock(mutex_);
        const auto order = rests_.order(options_.time->steady());
        group next;
        for (auto& each : all) {
            if (each.end)
                continue;
            const auto with = holders_.holder_of(each.key, first_of(order, each));
            if (!next.all.empty() && with != next.with)
                continue;
            next.with = with;
            next.all.push_back(&each);
            holders_.begin(each.key, with);
        }
        return next;
    }

    static std::size_t first_of(const std::vector<std::size_t>& order, const journey& j) {
        return *std::ranges::find_if(order,
                                     [&](std::size_t i) { return std::ranges::find(j.asked, i) == j.asked.end(); });
    }

    // The last transport to be asked need not leave the mail to others.
    std::vector<mail> mails_of(const group& next) const {
        std::vector<mail> mails;
        for (auto* const each : next.all) {
            if (is_last(*each))
                mails.push_back(std::move(each->what));
            else
                mails.push_back(each->what);
        }
        return mails;
    }

    bool is_last(const journey& j) const { return j.failures.size() + 1 >= options_.transports.size(); }

    awaitable<std::vector<delivery>> ask(std::size_t with, std::vector<mail> mails, deadline limit) {
        const auto count = mails.size();
        std::optional<send_error> failure;
        try {
            auto done = co_await options_.transports[with]->deliver(std::move(mails), limit);
            if (done.size() == count)
                co_return done;
            throw std::logic_error("email: the transport " + name_of(with) + " answered for other mails than it got");
        } catch (const error& e) {
            if (is_cancellation(e.code()))
                throw;
            failure = failure_from(e);
        } catch (...) {
            if (limit.passed(options_.time->steady())) // it was broken off because it took too long
                rest(with, "timed_out", {});
            throw;
        }
        co_return std::vector<delivery>(count, delivery{.failure = failure});
    }

    void settle(journey& j, std::size_t with, delivery done, deadline limit) {
        j.asked.push_back(with);
        if (!done.failure) {
            if (done.transport.empty())
                done.transport = name_of(with);
            j.end = std::move(done);
            const std::scoped_lock lock(mutex_);
            rests_.wake(with);
            return;
        }
        const auto& why = *done.failure;
        const bool is_free = !why.uncertain() && release(j.key);
        if (needs_rest(why))
            rest(with, why.name(), why.retry_after());
        // Without time left the next one could only fail, and would rest for it.
        const bool ends = !is_free || !moves_on(why) || is_last(j) || limit.passed(options_.time->steady());
        j.failures.push_back({name_of(with), why, options_.transports[with]->traits().keeps_keys});
        if (ends)
            j.end = {.failure = failure_of_all(j.failures)};
    }

    bool release(const std::string& key) {
        const std::scoped_lock lock(mutex_);
        return holders_.release(key);
    }

    void rest(std::size_t with, std::string_view why, std::chrono::milliseconds at_least) {
        const auto pause = std::max(options_.rest, at_least);
        {
            const std::scoped_lock lock(mutex_);
            rests_.rest(with, saturating_add(options_.time->steady(), pause));
        }
        telemetry::log(level::warn, "email", "a transport failed and is asked last for a while",
                       {{"transport", options_.transports[with]->name()}, {"error.type", why}, {"pause", pause}});
    }

    std::string name_of(std::size_t which) const { return std::string(options_.transports[which]->name()); }

    const failover_options options_;
    std::mutex mutex_;
    rests rests_;     // guarded by mutex_
    holders holders_; // guarded by mutex_
};

} // namespace

std::shared_ptr<transport> make_failover_transport(failover_options options) {
    if (options.transports.size() < 2)
        throw std::invalid_argument("email::failover_options::transports: a list needs at least two");
    if (std::ranges::find(options.transports, nullptr) != options.transports.end())
        throw std::invalid_argument("email::failover_options::transports must not hold a null pointer");
    if (options.rest <= std::chrono::milliseconds::zero())
        throw std::invalid_argument("email::failover_options::rest must be greater than zero");
    if (!options.time)
        throw std::invalid_argument("email::failover_options::time must be a clock");
    return std::make_shared<failover>(std::move(options));
}

} // namespace infra::email
