#include "sent.hpp"

#include "../texts.hpp"

#include <infra/base/context.hpp>
#include <infra/base/error_signature.hpp>

#include <algorithm>

namespace infra::dashboard {
namespace {

constexpr std::size_t most_recipients = 5;
constexpr std::size_t most_of_subject = 200;
constexpr std::size_t most_of_mail_error = 500;

std::string state_of(const email::delivery& d) {
    if (d.failure)
        return "failed";
    return d.stopped ? "stopped" : d.duplicate ? "duplicate" : "sent";
}

std::string current_trace() {
    const auto id = context::current().span().trace;
    if (!id)
        return {};
    const auto digits = to_hex(id);
    return {digits.begin(), digits.end()};
}

} // namespace

std::string redacted(const email::address& who) {
    const auto at = who.email().rfind('@');
    if (at == std::string::npos || at == 0)
        return "***";
    return who.email().substr(0, 1) + "***" + who.email().substr(at);
}

sent_mail record_of(const email::mail& m, const email::delivery& d, std::string_view transport, wall_time at) {
    sent_mail made{.at = at,
                   .id = d.id.empty() ? m.id : d.id,
                   .mail = m.id,
                   .from = m.from.email(),
                   .subject = cut(m.subject, most_of_subject),
                   .template_name = m.template_name,
                   .transport = d.transport.empty() ? std::string(transport) : d.transport,
                   .attempts = d.attempts,
                   .state = state_of(d),
                   .reason = d.failure ? cut(d.failure->what(), most_of_mail_error) : std::string(),
                   .trace = current_trace()};
    for (const auto& each : m.to)
        if (made.to.size() < most_recipients)
            made.to.push_back(redacted(each));
    return made;
}

void sent_mails::add(sent_mail one) {
    {
        const std::scoped_lock lock(mutex_);
        one.number = ++last_;
        kept_.push_back(one);
        if (kept_.size() > most)
            kept_.pop_front();
    }
    if (told_)
        told_(one);
}

std::vector<sent_mail> sent_mails::list(std::size_t max, std::uint64_t before, std::string_view state) const {
    const std::scoped_lock lock(mutex_);
    std::vector<sent_mail> found;
    for (auto at = kept_.rbegin(); at != kept_.rend() && found.size() < max; ++at)
        if ((before == 0 || at->number < before) && (state.empty() || at->state == state))
            found.push_back(*at);
    return found;
}

std::optional<sent_mail> sent_mails::find(std::string_view mail) const {
    const std::scoped_lock lock(mutex_);
    const auto found = std::ranges::find(kept_, mail, &sent_mail::mail);
    return found == kept_.end() ? std::nullopt : std::optional(*found);
}

std::size_t sent_mails::failed_since(wall_time since) const {
    const std::scoped_lock lock(mutex_);
    return static_cast<std::size_t>(
        std::ranges::count_if(kept_, [&](const auto& each) { return each.at >= since && each.state == "failed"; }));
}

std::vector<mail_failures> sent_mails::failures_since(wall_time since) const {
    std::map<std::string, mail_failures> alike;
    const std::scoped_lock lock(mutex_);
    for (const auto& each : kept_) {
        if (each.at < since || each.state != "failed")
            continue;
        auto& one = alike[error_signature(each.reason)];
        if (one.count++ == 0)
            one.first = each.at;
        one.last = each.at;
    }
    std::vector<mail_failures> all;
    for (auto& [signature, each] : alike) {
        each.signature = signature;
        all.push_back(std::move(each));
    }
    std::ranges::sort(all, std::ranges::greater(), &mail_failures::count);
    return all;
}

} // namespace infra::dashboard
