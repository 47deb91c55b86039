#include "rate_limit.hpp"

#include <infra/http_client/retry_after.hpp>

#include <algorithm>
#include <charconv>

namespace infra::email::resend {
namespace {

using namespace std::chrono_literals;

// A limit above is none for us, and not worth remembering so many requests.
constexpr std::size_t highest_limit = 10'000;
constexpr std::size_t everybodys = 5;                    // a second; a team's is at least that
constexpr rate unheard_of{.limit = 1'000, .window = 1s}; // how much is remembered before a limit is told

std::optional<std::size_t> number(std::string_view text) noexcept {
    std::size_t n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional(n) : std::nullopt;
}

std::optional<std::chrono::milliseconds> seconds(std::optional<std::size_t> n) noexcept {
    if (!n)
        return std::nullopt;
    return std::chrono::seconds(std::min<std::size_t>(*n, 3600));
}

/// `5;w=1`, the first where there are several.
void read_policy(std::string_view text, rate_words& to) {
    text = text.substr(0, text.find(','));
    const auto semicolon = text.find(';');
    if (!to.limit)
        to.limit = number(text.substr(0, semicolon));
    const auto window = text.find("w=", std::min(semicolon, text.size()));
    if (window == std::string_view::npos)
        return;
    text.remove_prefix(window + 2);
    to.window = seconds(number(text.substr(0, text.find(';'))));
}

} // namespace

rate_words read_rate(const http::headers& fields, wall_time now) {
    const auto number_in = [&fields](std::string_view name) { return number(fields.get(name).value_or("")); };
    rate_words said{.limit = number_in("ratelimit-limit"),
                    .remaining = number_in("ratelimit-remaining"),
                    .reset = seconds(number_in("ratelimit-reset"))};
    read_policy(fields.get("ratelimit-policy").value_or(""), said);
    if (const auto after = fields.get("retry-after"))
        said.retry_after = http::parse_retry_after(*after, now);
    if (said.limit == 0)
        said.limit.reset();
    if (said.window == 0s)
        said.window.reset();
    return said;
}

std::optional<steady_time> rate_limit::next(steady_time now) const {
    if (under_way_ >= (heard_ ? at_once_ : std::min(at_once_, everybodys)))
        return std::nullopt;
    auto when = std::max(now, not_before_);
    if (shared_ && shared_->left == 0)
        when = std::max(when, shared_->until);
    for (const auto* const each : {&told_, &own_}) {
        if (!*each)
            continue;
        const auto under = next_under(**each, when);
        if (!under)
            return std::nullopt;
        when = *under;
    }
    return when;
}

// Those that count still at `from` are the last of `ended_` and all under way.
std::optional<steady_time> rate_limit::next_under(const rate& r, steady_time from) const {
    if (under_way_ >= r.limit)
        return std::nullopt;
    const auto room = r.limit - under_way_;
    if (ended_.size() < room)
        return from;
    return std::max(from, saturating_add(ended_[ended_.size() - room], r.window));
}

steady_time rate_limit::earliest(steady_time now, std::size_t ahead) const {
    const auto first = next(now).value_or(now);
    auto when = first;
    for (const auto* const each : {&told_, &own_})
        if (*each)
            when = std::max(when, saturating_add(first, (*each)->window * (ahead / (*each)->limit)));
    return when;
}

void rate_limit::started(steady_time now) {
    ++under_way_;
    if (shared_ && now >= shared_->until)
        shared_.reset();
    if (shared_ && shared_->left > 0)
        --shared_->left;
}

void rate_limit::ended(steady_time now, const rate_words& said) {
    --under_way_;
    heard_ = true;
    ended_.push_back(ended_.empty() ? now : std::max(now, ended_.back()));
    learn(now, said);
    const auto most = std::max({told_.value_or(unheard_of).limit, own_.value_or(unheard_of).limit, unheard_of.limit});
    while (ended_.size() > most || saturating_add(ended_.front(), longest_window()) <= now)
        ended_.pop_front();
}

std::chrono::milliseconds rate_limit::longest_window() const {
    return std::max({told_.value_or(unheard_of).window, own_.value_or(unheard_of).window, unheard_of.window});
}

void rate_limit::learn(steady_time now, const rate_words& said) {
    if (said.limit)
        told_ = rate{*said.limit, said.window.value_or(told_.value_or(unheard_of).window)};
    if (told_ && told_->limit > highest_limit)
        told_.reset();
    if (said.remaining && said.reset)
        shared_ = budget{*said.remaining - std::min(*said.remaining, under_way_), saturating_add(now, *said.reset)};
    if (said.retry_after)
        not_before_ = std::max(not_before_, saturating_add(now, *said.retry_after));
}

} // namespace infra::email::resend
