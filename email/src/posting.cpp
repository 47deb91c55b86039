#include "posting.hpp"

#include "attachments.hpp"
#include "attempts.hpp"
#include "check_mail.hpp"
#include "compose.hpp"
#include "handover.hpp"

#include <infra/base/id.hpp>
#include <infra/base/with_deadline.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace infra::email {

posting::posting(const mailer_setup& with, telemetry::span& told, std::vector<message> messages, deadline limit)
    : setup_(with), span_(told), limit_(limit), began_(with.time().steady()) {
    items_.reserve(messages.size());
    for (auto& each : messages)
        items_.emplace_back(std::move(each));
}

awaitable<std::vector<delivery>> posting::run(bool all_or_none) {
    try {
        co_await carry(all_or_none);
    } catch (...) {
        give_up(std::current_exception());
        throw;
    }
    std::vector<delivery> outcomes;
    for (auto& each : items_)
        outcomes.push_back(std::move(each.outcome));
    co_return outcomes;
}

std::vector<posting::slice> posting::slices() {
    const auto size = std::max<std::size_t>(setup_.to()->traits().max_batch, 1);
    std::vector<slice> all;
    for (slice rest = items_; !rest.empty(); rest = rest.subspan(all.back().size()))
        all.push_back(rest.first(std::min(size, rest.size())));
    return all;
}

awaitable<void> posting::carry(bool all_or_none) {
    const auto all = slices();
    if (all_or_none)
        for (const auto& some : all) {
            co_await make(some);
            for (const auto& each : some)
                if (each.outcome.failure)
                    throw send_error(*each.outcome.failure);
        }
    for (const auto& some : all) {
        if (!all_or_none)
            co_await make(some);
        co_await hand_over(some);
    }
}

// --- From a message to a mail -----------------------------------------------------------------------------------

bool posting::is_anything_known() const noexcept { return std::ranges::any_of(items_, &item::settled); }

// What is thrown concerns the whole slice: the deadline, or a pool that takes no more.
awaitable<void> posting::make(slice some) {
    std::optional<send_error> failure;
    try {
        if (limit_.passed(setup_.time().steady()))
            throw send_error(infra::errc::timed_out, "the deadline passed before the message was made");
        co_await with_deadline(make_each(some), limit_, setup_.time());
    } catch (...) {
        failure = failure_of(std::current_exception());
    }
    if (!failure)
        co_return;
    if (!is_anything_known())
        throw send_error(*failure);
    for (auto& each : some)
        settle(each, {.failure = failure});
}

awaitable<void> posting::make_each(slice some) {
    std::vector<message*> messages;
    for (auto& each : some)
        messages.push_back(&each.words);
    auto all = co_await prepare(setup_, std::move(messages));
    for (std::size_t i = 0; i < some.size(); ++i)
        co_await make_one(some[i], std::move(all[i]));
}

awaitable<void> posting::make_one(item& one, prepared from) {
    std::optional<send_error> failure = std::move(from.failure);
    if (!failure) {
        try {
            co_await read_stored(from.attachments);
            one.words.attachments = std::move(from.attachments);
            const auto& options = setup_.options;
            one.made = compose(std::move(one.words), std::move(from.words),
                               {.id = uuid_v7(),
                                .date = options.time->wall(),
                                .default_from = options.from,
                                .max_bytes = options.max_bytes});
            if (!co_await passes_hooks(one))
                co_return;
            refuse_unsupported(*one.made, setup_.to()->traits(), setup_.transport_name());
            warn_if_clipped(*one.made);
        } catch (...) {
            failure = failure_of(std::current_exception());
        }
    }
    if (failure)
        settle(one, {.failure = std::move(failure)});
}

awaitable<void> posting::read_stored(std::vector<attachment>& all) const {
    for (auto& each : all) {
        if (each.stored.empty())
            continue;
        if (!setup_.options.read_stored)
            throw error(errc::no_attachment,
                        "email::attachment::stored: this mailer reads no storage; set mailer_options::read_stored, or "
                        "give the bytes");
        const auto room = room_for_more(all, setup_.options.max_bytes);
        each.content = co_await setup_.options.read_stored(each.stored, room);
        refuse_over(room, each.stored, each.content.size());
    }
}

awaitable<bool> posting::passes_hooks(item& one) {
    for (const auto& hook : setup_.options.before) {
        auto changed = co_await hook(*one.made); // a copy: what it stops is still told
        if (!changed) {
            settle(one, {.id = one.made->id, .stopped = true});
            co_return false;
        }
        if (changed->id != one.made->id)
            throw error(infra::errc::invalid_input,
                        "a hook changed the id of a mail, which names it over all attempts");
        one.made = std::move(changed);
    }
    if (!setup_.options.before.empty()) {
        check_mail(*one.made, setup_.options.max_bytes);
        one.about.look_at(*one.made);
    }
    co_return true;
}

// --- From a mail to its delivery --------------------------------------------------------------------------------

awaitable<void> posting::hand_over(slice some) {
    std::vector<item*> going;
    std::vector<const mail*> mails;
    for (auto& each : some)
        if (!each.settled) {
            each.handed_over = true;
            going.push_back(&each);
            mails.push_back(&*each.made);
        }
    if (going.empty())
        co_return;
    const auto settled = [&](std::size_t which, delivery outcome) { settle(*going[which], std::move(outcome)); };
    handover to_transport(setup_, span_, std::move(mails), limit_, settled);
    co_await to_transport.run();
}

// The mail is let go: many slices may follow.
void posting::settle(item& one, delivery outcome) {
    if (one.settled)
        return;
    one.settled = true;
    one.outcome = std::move(outcome);
    const auto seconds = std::chrono::duration<double>(setup_.time().steady() - began_).count();
    tell(setup_, one.about, one.made ? one.made->id : message_id(), one.outcome, seconds);
    if (one.made)
        tell(setup_.options.after, *one.made, one.outcome);
    one.made.reset();
}

void posting::give_up(const std::exception_ptr& why) {
    for (auto& each : items_)
        settle(each, {.failure = summed_up({code_of(why), describe(why)}, 1, each.handed_over, "")});
}

} // namespace infra::email
