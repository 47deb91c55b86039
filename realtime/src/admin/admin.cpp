#include <infra/realtime/admin.hpp>

#include "documents.hpp"
#include "tail.hpp"

#include <infra/base/id.hpp>
#include <infra/base/with_deadline.hpp>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>

namespace infra::realtime {
namespace admin {

/// What the routes share.
struct desk {
    hub of;
    admin_options options;
    std::shared_ptr<std::atomic<bool>> over = std::make_shared<std::atomic<bool>>(false);
    std::mutex mutex{};
    std::set<client_id> tails{};
};

namespace {

using shared_desk = std::shared_ptr<desk>;

constexpr std::size_t most_at_once = 1'000;
constexpr std::size_t most_tailed = 20; // channels
constexpr std::chrono::seconds time_to_answer{5};

struct publish_body {
    std::string channel;
    std::string type;
    json::value data;
    std::optional<std::string> key;
    std::optional<std::string> idempotency_key;
};

struct disconnect_body {
    std::optional<std::string> client;
    std::optional<std::string> user;
    std::optional<std::uint16_t> code;
};
BOOST_DESCRIBE_STRUCT(disconnect_body, (), (client, user, code))

[[noreturn]] void refuse(std::string sentence, std::string path) {
    throw http::error_response(422, "invalid_request", std::move(sentence), std::move(path));
}

std::uint64_t number(const http::request& asked, std::string_view name, std::uint64_t fallback, std::uint64_t most) {
    const auto text = asked.query(name);
    if (!text)
        return fallback;
    std::uint64_t value = 0;
    const auto* const end = text->data() + text->size();
    const auto [stop, failed] = std::from_chars(text->data(), end, value);
    if (failed != std::errc() || stop != end || value > most)
        refuse("expected a whole number up to " + std::to_string(most), "/" + std::string(name));
    return value;
}

std::size_t limit_of(const http::request& asked) {
    return std::max<std::size_t>(1, number(asked, "limit", 100, most_at_once));
}

std::string channel_of(const http::request& asked) {
    auto name = asked.query("channel").value_or("");
    if (!is_channel_name(name))
        refuse("expected the name of a channel", "/channel");
    return name;
}

http::response answer(const json::object& document) {
    auto made = http::response::ok(json::value(document));
    made.headers.set("Cache-Control", "no-store");
    return made;
}

http::response no_stranger() {
    auto made = http::response::error(401, "unauthorized", "this is for operators: Authorization: Bearer …");
    made.headers.set("WWW-Authenticate", "Bearer");
    return made;
}

http::response show_channels(const desk& d, const http::request& asked) {
    const auto limit = limit_of(asked);
    return answer(
        page_of("channels",
                d.of.list_channels(asked.query("prefix").value_or(""), asked.query("after").value_or(""), limit + 1),
                limit, &channel_info::name));
}

bool fits(const client_info& c, const std::optional<std::string>& user, const std::optional<std::string>& channel) {
    return (!user || c.user == *user) && (!channel || std::ranges::find(c.channels, *channel) != c.channels.end());
}

std::vector<client_info> find_listeners(const hub& of, const http::request& asked, std::size_t limit) {
    const auto user = asked.query("user");
    const auto channel = asked.query("channel");
    const auto after = asked.query("after").value_or("");
    auto ids = of.get_subscribers(*channel);
    std::ranges::sort(ids);
    std::vector<client_info> found;
    for (auto id = std::ranges::upper_bound(ids, after); id != ids.end() && found.size() < limit; ++id)
        if (auto each = of.find_client(*id); each && fits(*each, user, channel))
            found.push_back(std::move(*each));
    return found;
}

// Those that fit, found by going through all of them, page by page.
std::vector<client_info> find_clients(const hub& of, const http::request& asked, std::size_t limit) {
    const auto user = asked.query("user");
    const auto channel = asked.query("channel");
    if (channel)
        return find_listeners(of, asked, limit);
    std::vector<client_info> found;
    for (auto after = asked.query("after").value_or(""); found.size() < limit;) {
        auto page = of.list_clients(after, most_at_once);
        const bool last = page.size() < most_at_once;
        if (!page.empty())
            after = page.back().id;
        for (auto& each : page)
            if (found.size() < limit && fits(each, user, channel))
                found.push_back(std::move(each));
        if (last)
            break;
    }
    return found;
}

http::response show_clients(const desk& d, const http::request& asked) {
    const auto limit = limit_of(asked);
    return answer(page_of("clients", find_clients(d.of, asked, limit + 1), limit, &client_info::id));
}

awaitable<http::response> show_history(shared_desk d, http::request asked) {
    const auto channel = channel_of(asked);
    std::optional<position> since;
    if (auto epoch = asked.query("epoch"))
        since = position{*std::move(epoch), number(asked, "offset", 0, UINT64_MAX)};
    auto looking = d->of.history(channel, since, limit_of(asked));
    const auto said = co_await with_deadline(std::move(looking), deadline::after(time_to_answer));
    co_return answer(document_of(said, channel));
}

awaitable<http::response> show_presence(shared_desk d, http::request asked) {
    const auto channel = channel_of(asked);
    const auto limit = deadline::after(time_to_answer);
    const auto members = co_await with_deadline(d->of.presence(channel), limit);
    const auto counted = co_await with_deadline(d->of.count_present(channel), limit);
    co_return answer(document_of(members, counted));
}

// `data` may be left out, and null is a value of it.
publish_body publication_of(const http::request& asked) {
    auto given = asked.json<json::object>();
    publish_body made;
    if (const auto* data = given.if_contains("data"))
        made.data = *data;
    const auto text = [&given](const char* name) {
        const auto* found = given.if_contains(name);
        if (found && !found->is_string())
            refuse("expected a string", "/" + std::string(name));
        return found ? std::optional<std::string>(found->get_string()) : std::nullopt;
    };
    made.channel = text("channel").value_or("");
    made.type = text("type").value_or("");
    made.key = text("key");
    made.idempotency_key = text("idempotency_key");
    if (!is_channel_name(made.channel))
        refuse("expected the name of a channel", "/channel");
    if (made.type.empty() || is_reserved_type(made.type))
        refuse("expected a type that is not one of the protocol's own", "/type");
    return made;
}

awaitable<http::response> publish(shared_desk d, http::request asked) {
    auto what = publication_of(asked);
    message said{.type = std::move(what.type), .data = std::move(what.data)};
    publish_options how{.idempotency_key = what.idempotency_key.value_or(""), .key = what.key.value_or("")};
    auto publishing = d->of.publish_confirmed(std::move(what.channel), std::move(said), std::move(how));
    const auto done = co_await with_deadline(std::move(publishing), deadline::after(time_to_answer));
    co_return answer(document_of(done));
}

http::response disconnect(desk& d, const http::request& asked) {
    const auto who = asked.json<disconnect_body>();
    if (who.client.has_value() == who.user.has_value() || who.user == "")
        refuse("expected a client or a user", "");
    const auto code = who.code.value_or(static_cast<std::uint16_t>(close_code::disconnected));
    if (!is_sendable(code))
        refuse("expected a close code that a server may send", "/code");
    const auto count = who.client ? std::size_t(d.of.disconnect(*who.client, close_code(code), "by an operator"))
                                  : d.of.disconnect_user(*who.user, close_code(code));
    return answer({{"disconnected", count}});
}

// What may be asked again.
awaitable<http::response> or_unavailable(awaitable<http::response> answering) {
    try {
        co_return co_await std::move(answering);
    } catch (const error& e) {
        const auto code = e.code();
        if (code != infra::errc::unavailable && code != infra::errc::timed_out && code != infra::errc::overloaded)
            throw;
        co_return http::response::error(503, "unavailable", e.what());
    }
}

/// One of the tails at once, or none when there are enough.
struct turn {
    explicit turn(shared_desk d) : of(std::move(d)), id("operator-" + random_hex(8)) {
        const std::scoped_lock lock(of->mutex);
        given = !*of->over && of->tails.size() < of->options.max_tails;
        if (given)
            of->tails.insert(id);
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;
    ~turn() {
        const std::scoped_lock lock(of->mutex);
        of->tails.erase(id);
    }

    shared_desk of;
    client_id id;
    bool given = false;
};

http::response show_tail(shared_desk d, const http::request& asked) {
    tail_wish wish{.channels = asked.query_all("channel"),
                   .history = number(asked, "history", 0, most_at_once),
                   .max_bytes = d->options.max_tail_bytes,
                   .keep_alive = d->options.keep_alive,
                   .over = d->over};
    if (wish.channels.empty() || wish.channels.size() > most_tailed ||
        !std::ranges::all_of(wish.channels, [](const auto& each) { return is_channel_name(each); }))
        refuse("expected 1 to " + std::to_string(most_tailed) + " names of channels", "/channel");
    const auto mine = std::make_shared<const turn>(d);
    wish.id = mine->id;
    if (!mine->given)
        return http::response::error(503, "overloaded", "too many operators listen already; close one of them");
    auto made = http::response::stream(
        "application/x-ndjson", [mine, wish](http::body_writer to) { return tail(mine->of->of, wish, std::move(to)); });
    made.headers.set("Cache-Control", "no-store");
    return made;
}

} // namespace
} // namespace admin

void admin_pages::stop() noexcept {
    *desk_->over = true;
    const std::scoped_lock lock(desk_->mutex);
    for (const auto& each : desk_->tails)
        desk_->of.disconnect(each, close_code::going_away);
}

admin_pages add_admin(http::router& routes, hub of, admin_options options) {
    if (!options.allow)
        throw std::invalid_argument("realtime::admin_options::allow must say who may");
    if (options.max_tail_bytes < 1)
        throw std::invalid_argument("realtime::admin_options::max_tail_bytes must be at least 1");
    if (options.keep_alive.count() < 1)
        throw std::invalid_argument("realtime::admin_options::keep_alive must be at least 1 ms");
    auto group = routes.group(options.path);
    group.use([allow = options.allow](http::request& asked) {
        return allow(asked) ? std::nullopt : std::optional(admin::no_stranger());
    });
    const std::shared_ptr<admin::desk> desk(new admin::desk{.of = std::move(of), .options = std::move(options)});
    group.get("/channels", [desk](const http::request& asked) { return admin::show_channels(*desk, asked); });
    group.get("/clients", [desk](const http::request& asked) { return admin::show_clients(*desk, asked); });
    group.get("/history", [desk](http::request asked) {
        return admin::or_unavailable(admin::show_history(desk, std::move(asked)));
    });
    group.get("/presence", [desk](http::request asked) {
        return admin::or_unavailable(admin::show_presence(desk, std::move(asked)));
    });
    group.get("/tail", [desk](const http::request& asked) { return admin::show_tail(desk, asked); });
    group.post("/publish",
               [desk](http::request asked) { return admin::or_unavailable(admin::publish(desk, std::move(asked))); });
    group.post("/disconnect", [desk](const http::request& asked) { return admin::disconnect(*desk, asked); });
    return admin_pages(desk);
}

} // namespace infra::realtime
