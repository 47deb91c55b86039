#include "credentials_cache.hpp"

#include <infra/storage/error.hpp>

#include <utility>

namespace infra::storage {
namespace {

bool are_same(const credentials& a, const credentials& b) {
    return a.access_key_id == b.access_key_id && a.secret_access_key == b.secret_access_key &&
           a.session_token == b.session_token;
}

void check_given(const credentials& given, wall_time now) {
    if (given.access_key_id.empty() || given.secret_access_key.empty())
        throw error(infra::errc::misconfigured,
                    "the function asked for credentials gave no access key id or no secret");
    if (given.expires && *given.expires <= now)
        throw storage_error(errc::denied, "the function asked for credentials gave some that have expired");
}

} // namespace

/// Whose turn it is to ask, until he has, or is gone. Those who wait look again then, or share his failure.
class credentials_cache::turn {
public:
    explicit turn(credentials_cache& in) noexcept : in_(in) {}
    ~turn() {
        std::vector<promise<void>> waiting;
        {
            const std::scoped_lock lock(in_.mutex_);
            in_.asking_ = false;
            waiting.swap(in_.waiting_);
        }
        for (const auto& each : waiting)
            failure ? each.set_exception(failure) : each.set_value();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    std::exception_ptr failure{};

private:
    credentials_cache& in_;
};

bool credentials_cache::is_good(wall_time now) const {
    return held_ && !refused_ && (!held_->expires || now < *held_->expires);
}

credentials_cache::step credentials_cache::next(wall_time now) const {
    const bool good = is_good(now);
    if (asking_)
        return good ? step::use : step::wait;
    const bool due = good && held_->expires && now >= *held_->expires - early && now >= not_before_;
    return ask_ && (!good || due) ? step::ask : step::use;
}

void credentials_cache::keep(credentials given, wall_time now) {
    const std::scoped_lock lock(mutex_);
    confirmed_ = held_ && are_same(*held_, given) && (refused_ || confirmed_);
    refused_ = false;
    not_before_ = now + pause;
    held_ = std::move(given);
}

bool credentials_cache::expired(const credentials& used) {
    const std::scoped_lock lock(mutex_);
    if (!held_ || !are_same(*held_, used))
        return true; // others are there by now
    if (!ask_ || confirmed_)
        return false;
    refused_ = true;
    return true;
}

awaitable<credentials> credentials_cache::get() {
    while (true) {
        std::optional<promise<void>> answered;
        const auto on = co_await asio::this_coro::executor;
        {
            const std::scoped_lock lock(mutex_);
            const auto what = next(time_.wall());
            if (what == step::use)
                co_return *held_;
            if (what == step::wait)
                waiting_.push_back(answered.emplace(on));
            asking_ = true;
        }
        if (answered) {
            co_await answered->get();
            continue;
        }
        turn mine(*this);
        try {
            auto given = co_await ask_();
            check_given(given, time_.wall());
            keep(given, time_.wall());
            co_return given;
        } catch (...) {
            if (code_of(std::current_exception()) == asio::error::operation_aborted)
                throw;
            const std::scoped_lock lock(mutex_);
            not_before_ = time_.wall() + pause;
            if (is_good(time_.wall()))
                co_return *held_;
            mine.failure = std::current_exception();
            throw;
        }
    }
}

} // namespace infra::storage
