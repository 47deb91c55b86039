#include "answer.hpp"
#include "options.hpp"
#include "request.hpp"
#include "turnstile.hpp"

#include <infra/http_client.hpp>
#include <infra/runtime/default_runtime.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace infra::email {
namespace resend {
namespace {

constexpr std::size_t largest_answer = std::size_t{1} << 20;

// Base64 and JSON of more take the loop's time from others.
constexpr std::size_t largest_body_on_loop = 256 * 1024;

http::client_options client_options_of(const resend_options& o) {
    return {.connect_timeout = o.connect_timeout,
            .max_response_body = largest_answer,
            .user_agent = o.user_agent,
            .propagate_trace = false, // it is nobody's business outside
            .proxy = o.proxy,
            .tls = o.tls,
            .max_connections_per_host = o.connections,
            .max_connections = o.connections,
            .max_requests = o.max_waiting};
}

resend_options checked(resend_options o) {
    validate(o);
    http::validate(client_options_of(o));
    while (o.base_url.ends_with('/'))
        o.base_url.pop_back();
    return o;
}

rate_limit limit_of(const resend_options& o) {
    const auto own = o.max_per_second == 0 ? std::nullopt : std::optional(rate{.limit = o.max_per_second});
    return rate_limit(own, o.connections);
}

/// The HTTP client, made with the first mail on the loop that was given, or on one of its own.
class line {
public:
    const http::client& client(const resend_options& o) {
        std::call_once(made_, [&] {
            if (!o.loop)
                own_.emplace("resend").start();
            http_.emplace(o.loop ? o.loop : own_->get_executor(), client_options_of(o), *o.time);
        });
        return *http_;
    }

private:
    std::once_flag made_;
    std::optional<event_loop> own_;
    std::optional<http::client> http_; // ends before its loop
};

/// What one deliver() has to do.
struct delivering {
    std::vector<mail> mails;
    std::vector<group> groups = grouped(mails);
    std::vector<delivery> done = std::vector<delivery>(mails.size());
    std::size_t next = 0; // of the groups

    std::vector<const mail*> mails_of(std::size_t which) const {
        std::vector<const mail*> of;
        for (const auto i : groups[which])
            of.push_back(&mails[i]);
        return of;
    }

    std::size_t size_of(std::size_t which) const {
        std::size_t size = 0;
        for (const auto* const each : mails_of(which)) {
            size += each->html.size() + each->text.size();
            for (const auto& file : each->attachments)
                size += file.content.size();
        }
        return size;
    }
};

// How long to wait may be said to one mail alone: whose key is in use, or for which there is no quota.
bool holds_for_all(const delivery& d) {
    return d.failure && (d.failure->code() == infra::errc::overloaded || d.failure->status() == 503);
}

class resend_transport final : public transport {
public:
    explicit resend_transport(resend_options o)
        : options_(checked(std::move(o))), gate_(limit_of(options_), options_.max_waiting, *options_.time) {}

    std::string_view name() const noexcept override { return "resend"; }

    transport_traits traits() const noexcept override {
        return {.keeps_keys = true, .schedules = true, .hosts_templates = true, .has_topics = true};
    }

    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) override {
        const auto all = std::make_shared<delivering>(delivering{std::move(mails)});
        const auto senders = std::min(all->groups.size(), options_.connections);
        if (senders == 1)
            co_await send_all(all, limit);
        else if (senders > 1)
            co_await send_by(senders, all, limit);
        co_return std::move(all->done);
    }

private:
    awaitable<void> send_by(std::size_t senders, std::shared_ptr<delivering> all, deadline limit) {
        const auto ex = co_await asio::this_coro::executor;
        using sender = decltype(asio::co_spawn(ex, send_all(all, limit), asio::deferred));
        std::vector<sender> each;
        for (std::size_t i = 0; i < senders; ++i)
            each.push_back(asio::co_spawn(ex, send_all(all, limit), asio::deferred));
        const auto ended = co_await asio::experimental::make_parallel_group(std::move(each))
                               .async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
        for (const auto i : std::get<0>(ended))
            if (const auto& thrown = std::get<1>(ended)[i])
                std::rethrow_exception(thrown);
    }

    awaitable<void> send_all(std::shared_ptr<delivering> all, deadline limit) {
        while (all->next < all->groups.size()) {
            const auto which = all->next++;
            auto came_of_it = co_await send(all, which, limit);
            for (std::size_t i = 0; i < came_of_it.size(); ++i)
                all->done[all->groups[which][i]] = std::move(came_of_it[i]);
        }
    }

    awaitable<std::vector<delivery>> send(std::shared_ptr<delivering> all, std::size_t which, deadline limit) {
        try {
            co_return co_await ask(all, which, limit);
        } catch (const send_error& e) { // from the turnstile
            co_return all_failed(e, all->groups[which].size());
        } catch (const error& e) {
            if (e.code() == asio::error::operation_aborted)
                throw;
            co_return all_failed(failure_of(e), all->groups[which].size());
        }
    }

    awaitable<std::vector<delivery>> ask(std::shared_ptr<delivering> all, std::size_t which, deadline limit) {
        co_await gate_.enter(limit);
        departure leaving(gate_);
        auto what = co_await written(all, which);
        auto got = co_await line_.client(options_).send({.method = http::method::post,
                                                         .url = options_.base_url + what.path,
                                                         .headers = headers_of(what),
                                                         .body = std::move(what.body),
                                                         .deadline = limit});
        leaving.said = read_rate(got.headers, options_.time->wall());
        const auto after = leaving.said.retry_after.value_or(std::chrono::milliseconds(0));
        auto done = deliveries_of({got.status, std::move(got.body), after}, all->mails_of(which));
        if (!holds_for_all(done.front()))
            leaving.said.retry_after.reset();
        co_return done;
    }

    awaitable<request> written(std::shared_ptr<delivering> all, std::size_t which) const {
        if (all->size_of(which) <= largest_body_on_loop)
            co_return request_for(all->mails, all->groups[which]);
        co_return co_await default_blocking_pool().run(
            [all, which] { return request_for(all->mails, all->groups[which]); });
    }

    http::headers headers_of(const request& what) const {
        http::headers fields{{"authorization", "Bearer " + options_.api_key},
                             {"content-type", "application/json"},
                             {"idempotency-key", what.idempotency_key}};
        if (what.is_batch)
            fields.set("x-batch-validation", "permissive"); // one bad mail is its own failure
        return fields;
    }

    const resend_options options_;
    turnstile gate_;
    line line_;
};

} // namespace
} // namespace resend

std::shared_ptr<transport> make_resend_transport(resend_options options) {
    return std::make_shared<resend::resend_transport>(std::move(options));
}

} // namespace infra::email
