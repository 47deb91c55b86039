#include "following.hpp"
#include "slots.hpp"

namespace infra::queue::redis_backend {
namespace {

constexpr std::size_t usually_kept = 10'000; // entries of a stream

redis::batch page_commands(const queue_keys& of, entry_id after, std::size_t most) {
    const auto key = of.of_queue("events"), last_known = to_text(after);
    redis::batch all;
    all.add({"XRANGE", key, to_text(next_after(after)), "+", "COUNT", most});
    all.add({"XRANGE", key, last_known, last_known, "COUNT", 1});
    all.add({"XINFO", "STREAM", key});
    return all;
}

std::optional<std::int64_t> integer_named(const redis::reply::list& info, std::string_view name) {
    for (std::size_t i = 0; i + 1 < info.size(); i += 2)
        if (info[i].as_text() == name)
            return info[i + 1].as_integer();
    return std::nullopt;
}

// From the beginning on: servers before 7 do not say how many there ever were.
bool were_some_forgotten(const redis::reply& info) {
    if (info.is_error())
        return false; // no stream, and none there ever was
    const auto length = integer_named(info.items(), "length").value_or(0);
    const auto added = integer_named(info.items(), "entries-added");
    return added ? *added > length : length >= static_cast<std::int64_t>(usually_kept);
}

// Entries are forgotten from the oldest on: while the last that is known is there, so is all that follows.
bool missed_some(entry_id after, const redis::reply& last_known, const redis::reply& info) {
    if (after == entry_id{})
        return were_some_forgotten(info);
    return last_known.items().empty() && !info.is_error();
}

/// Adds to a page what there is to tell, up to where it is full; the last entry that it goes to.
entry_id fill_events(events_page& page, const std::string& queue, entry_id after,
                     const std::vector<stream_entry>& entries, std::size_t most) {
    for (const auto& each : entries) {
        if (page.events.size() == most)
            break;
        after = each.id;
        if (auto what = to_event(queue, each.id, each.fields))
            page.events.push_back(*std::move(what));
    }
    page.next = to_text(after);
    return after;
}

awaitable<void> wait_for_more(shared_store s, std::string queue, entry_id after) {
    auto& ear = s->lines_of(queue).hears;
    const hearing more(s, ear, {.queue = queue, .after = after}, co_await asio::this_coro::executor);
    if (co_await more.begun() <= after)
        co_await more.heard();
}

awaitable<entry_id> end_of_stream(shared_store s, std::string queue) {
    co_return read_last_entry(co_await s->ask(last_entry_command(s->keys(queue))));
}

} // namespace

awaitable<events_page> events(shared_store s, events_request request) {
    const auto known = read_entry_id(request.cursor);
    if (!known)
        co_return events_page{.next = to_text(co_await end_of_stream(s, request.queue))};
    events_page page;
    for (auto after = *known; page.events.size() < request.max;) {
        auto answers = co_await s->ask(page_commands(s->keys(request.queue), after, request.max));
        redis::throw_if_error(answers.at(0));
        page.missed = page.missed || missed_some(after, answers.at(1), answers.at(2));
        const auto entries = read_entries(std::move(answers[0]));
        after = fill_events(page, request.queue, after, entries, request.max);
        const bool may_be_more = entries.size() == request.max;
        if (!may_be_more && (!page.events.empty() || page.missed))
            break;
        if (!may_be_more)
            co_await wait_for_more(s, request.queue, after);
    }
    co_return page;
}

} // namespace infra::queue::redis_backend
