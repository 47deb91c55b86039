#include "handler_table.hpp"

#include <infra/base/telemetry.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

namespace infra::realtime::detail {
namespace {

using lists = handler_table::lists;

constexpr std::chrono::minutes patience_without_session{1};

bool wants(const lists::listener& l, std::string_view type) noexcept { return l.type.empty() || l.type == type; }

// A handler that was cancelled with its loop is not to blame.
template <class Call>
void guarded(std::string_view what, std::string_view client, Call call) {
    try {
        call();
    } catch (...) {
        log_failed_handler(what, client, std::current_exception());
    }
}

template <class... Arguments>
awaitable<void> call(any_function<void, Arguments...> handler, patience limit, std::string what, client_id client,
                     Arguments... with) {
    try {
        if (handler.is_plain())
            handler.now(std::move(with)...);
        else
            co_await with_deadline(handler.later(std::move(with)...), deadline::after(limit.each, limit.time->steady()),
                                   *limit.time);
    } catch (...) {
        log_failed_handler(what, client, std::current_exception());
    }
}

awaitable<void> call_each(std::shared_ptr<const lists> to, client_id from, message said, patience limit) {
    for (const auto& each : to->messages)
        if (wants(each, said.type))
            co_await call<client_id, message>(each.handler, limit, said.type, from, from, said);
}

awaitable<void> tell_each(std::vector<client_handler> all, client_id who, close_code code, patience limit,
                          std::string what) {
    for (const auto& each : all)
        co_await call<client_id, close_code>(each, limit, what, who, who, code);
}

} // namespace

template <class Change>
void handler_table::change(Change change) {
    const std::scoped_lock lock(mutex_);
    auto changed = std::make_shared<lists>(*lists_);
    change(*changed);
    lists_ = std::move(changed);
}

void handler_table::on_message(std::string type, message_handler handler) {
    change([&](lists& l) { l.messages.push_back({std::move(type), std::move(handler)}); });
}

void handler_table::on_request(std::string type, request_handler handler) {
    change([&](lists& l) {
        if (!l.requests.try_emplace(type, std::move(handler)).second)
            throw std::invalid_argument("hub::on_request: \"" + type + "\" has a handler already");
    });
}

void handler_table::on_connect(client_handler handler) {
    change([&](lists& l) { l.connected.push_back(std::move(handler)); });
}

void handler_table::on_disconnect(client_handler handler) {
    change([&](lists& l) { l.disconnected.push_back(std::move(handler)); });
}

std::shared_ptr<const lists> handler_table::now() const {
    const std::scoped_lock lock(mutex_);
    return lists_;
}

std::optional<awaitable<void>> dispatch(std::shared_ptr<const lists> to, client_id from, message said, patience limit) {
    if (!is_plain(*to, said.type))
        return call_each(std::move(to), std::move(from), std::move(said), limit);
    for (const auto& each : to->messages)
        if (wants(each, said.type))
            guarded(said.type, from, [&] { each.handler.now(from, said); });
    return std::nullopt;
}

bool has_handler(const lists& to, std::string_view type) noexcept {
    return std::ranges::any_of(to.messages, [type](const lists::listener& l) { return wants(l, type); });
}

bool is_plain(const lists& to, std::string_view type) noexcept {
    return std::ranges::none_of(to.messages,
                                [type](const lists::listener& l) { return wants(l, type) && !l.handler.is_plain(); });
}

const request_handler* find_request(const lists& in, std::string_view type) noexcept {
    const auto found = in.requests.find(type);
    return found == in.requests.end() ? nullptr : &found->second;
}

std::optional<awaitable<void>> tell(std::vector<client_handler> all, client_id who, close_code code, patience limit) {
    const auto* const what = code == close_code::normal ? "on_connect" : "on_disconnect";
    if (!std::ranges::all_of(all, &client_handler::is_plain))
        return tell_each(std::move(all), std::move(who), code, limit, what);
    for (const auto& each : all)
        guarded(what, who, [&] { each.now(who, code); });
    return std::nullopt;
}

std::function<void()> telling(std::vector<client_handler> all, client_id who, close_code code, executor on) {
    return [all = std::move(all), who = std::move(who), code, on = std::move(on)] {
        if (auto rest = tell(all, who, code, {patience_without_session, &real_clock()}))
            asio::co_spawn(on, std::move(*rest), asio::detached);
    };
}

void log_failed_handler(std::string_view of, std::string_view client, std::exception_ptr why) noexcept {
    if (code_of(why) == asio::error::operation_aborted) // its loop or its client has gone: nobody's fault
        return;
    telemetry::log(level::error, "realtime", "a handler has failed",
                   {{"of", of}, {"client", client}, {"error", describe(why)}});
}

} // namespace infra::realtime::detail
