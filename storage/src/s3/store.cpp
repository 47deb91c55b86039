#include "store.hpp"

#include "computed.hpp"
#include "options.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/with_deadline.hpp>

#include <boost/asio/error.hpp>

#include <exception>
#include <utility>

namespace infra::storage::s3 {
namespace {

// A list of a thousand of the longest keys has some four where they come percent-encoded, and up to seven where they do not.
constexpr std::size_t largest_answer = std::size_t{8} << 20;

// Of a failure.
constexpr std::size_t largest_complaint = std::size_t{1} << 20;

// A store that refuses closes the connection, and the answer is lost with what it had not read.
constexpr std::size_t smallest_to_be_wanted = std::size_t{1} << 20;

constexpr int most_turns = 3; // one lesson of a kind each, were all to come at once

http::client_options client_options_of(const s3_options& o) {
    return {.connect_timeout = o.connect_timeout,
            .max_response_body = largest_answer,
            .user_agent = o.user_agent,
            .decompress = false,      // an object with Content-Encoding comes as it was put
            .propagate_trace = false, // it is nobody's business outside
            .proxy = o.proxy,
            .tls = o.tls,
            .max_connections_per_host = o.connections,
            .max_connections = o.connections,
            .max_requests = 100'000}; // storage's own bound is lower
}

std::string query_of(const fields& pairs) {
    std::string text;
    for (const auto& [name, value] : pairs)
        text.append(text.empty() ? "?" : "&")
            .append(encoding::percent_encode(name))
            .append("=")
            .append(encoding::percent_encode(value));
    return text;
}

awaitable<std::string> payload_of(endpoint to, shared_bytes body) {
    if (const auto said = payload_without_hash(to, body.size()); !said.empty())
        co_return std::string(said);
    co_return co_await computed(body.size(), [body] { return sigv4::payload_hash(body.view()); });
}

bool is_anonymous(const credentials& keys) noexcept { return keys.access_key_id.empty(); }

http::headers headers_of(const request& what, const fields& signature) {
    http::headers all;
    for (const auto* const some : {&what.headers, &signature})
        for (const auto& [name, value] : *some)
            all.append(name, value);
    return all;
}

/// One request on its way.
struct sent {
    http::client_request request;
    manner how;
    credentials keys;
};

manner manner_of(store& at, const call& how) {
    manner made{.region = at.learned().region(),
                .offset = at.learned().offset(),
                .tells_sums = how.tells_sums,
                .conditional = how.conditional,
                .lists = how.lists,
                .removes_many = how.removes_many};
    made.at = saturating_add(at.options().time->wall(), made.offset);
    return made;
}

awaitable<sent> signed_by_now(std::shared_ptr<store> at, request what, call how, deadline limit) {
    auto keys = co_await at->keys(how.by, limit);
    const auto to = at->where();
    const auto payload = co_await payload_of(to.at(), what.body);
    auto made = manner_of(*at, how);
    const auto path = to.path_of(what.key);
    sigv4::request signable{.method = std::string(http::to_string(what.method)),
                            .path = path,
                            .query = what.query,
                            .headers = what.headers};
    signable.headers.emplace_back("host", to.host());
    const bool expects = what.body.size() >= smallest_to_be_wanted;
    const auto signature =
        is_anonymous(keys) ? fields() : sigv4::sign(signable, payload, keys, {.region = made.region, .now = made.at});
    co_return sent{{.method = what.method,
                    .url = to.origin() + path + query_of(what.query),
                    .headers = headers_of(what, signature),
                    .body = std::move(what.body),
                    .deadline = limit,
                    .fresh_connection = at->take_fresh_connection(),
                    .expect_continue = expects},
                   std::move(made),
                   std::move(keys)};
}

awaitable<outcome> opened_by(std::shared_ptr<store> at, http::client_request request, deadline limit) {
    auto stream = co_await at->client().open(std::move(request));
    outcome made{{stream.head().status, stream.head().headers, {}}};
    if (made.got.succeeded())
        made.rest.emplace(std::move(stream));
    else
        made.got.body = co_await stream.read_all(largest_complaint, limit);
    co_return made;
}

awaitable<outcome> exchanged(std::shared_ptr<store> at, http::client_request request, call how, deadline limit) {
    try {
        if (how.streams)
            co_return co_await opened_by(at, std::move(request), limit);
        auto got = co_await at->client().send(std::move(request));
        co_return outcome{{got.status, std::move(got.headers), std::move(got.body)}};
    } catch (const error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        throw at->noted(failure_of(e, how.by));
    }
}

// What the caller has to ask in another way.
bool is_for_caller(lesson what) noexcept {
    return what == lesson::sums || what == lesson::list || what == lesson::removes;
}

} // namespace

std::string_view payload_without_hash(const endpoint& to, std::size_t body) noexcept {
    if (body == 0)
        return sigv4::empty_payload;
    return to.secure ? sigv4::unsigned_payload : std::string_view();
}

const http::client& line::client(const s3_options& o) {
    std::call_once(made_, [&] {
        if (!o.loop)
            own_.emplace("s3").start();
        http_.emplace(o.loop ? o.loop : own_->get_executor(), client_options_of(o), *o.time);
    });
    return *http_;
}

store::store(s3_options o)
    : options_(checked(std::move(o))),
      address_(address_of(options_)),
      public_(public_address_of(options_)),
      learned_(options_),
      keys_(options_.ask_for_keys, *options_.time) {
    http::validate(client_options_of(options_));
}

address store::where() const {
    if (!options_.endpoint.empty())
        return address_;
    auto there = endpoint_of_region(learned_.region());
    return there == address_.at() ? address_ : address_.at_endpoint(std::move(there));
}

asked store::asked_for(std::string_view verb, const std::string& key, bool changes) const {
    return {.what = std::string(verb).append(" ").append(key.empty() ? options_.bucket : key),
            .of_object = !key.empty(),
            .changes = changes,
            .bucket = options_.bucket,
            .perhaps_of_tls = !address_.at().secure && !heard_};
}

awaitable<credentials> store::keys(asked by, deadline limit) {
    if (!options_.ask_for_keys)
        co_return options_.keys;
    try {
        co_return co_await with_deadline(keys_.get(), limit, *options_.time);
    } catch (const storage_error&) {
        throw;
    } catch (const std::exception& e) {
        const auto code = code_of(std::current_exception());
        if (code == asio::error::operation_aborted)
            throw;
        throw storage_error(code == infra::errc::timed_out || code == infra::errc::misconfigured
                                ? code
                                : make_error_code(infra::errc::unavailable),
                            by.what + ": the credentials cannot be had: " + shown(e.what()));
    }
}

storage_error store::noted(storage_error failure) {
    if (failure.fresh_connection())
        fresh_ = true;
    return failure;
}

namespace {

// Whether the same may be asked once more, as it is known by now to be asked.
bool may_ask_again(store& at, lesson taught, const credentials& used) {
    return taught == lesson::region || taught == lesson::clock || (taught == lesson::keys && at.expired(used));
}

} // namespace

awaitable<outcome> ask(std::shared_ptr<store> at, request what, call how, deadline limit) {
    for (int turn = 1;; ++turn) {
        auto on_its_way = co_await signed_by_now(at, what, how, limit);
        auto done = co_await exchanged(at, std::move(on_its_way.request), how, limit);
        at->heard();
        if (done.got.succeeded() && !(how.fails_late && is_belated_failure(done.got)))
            co_return done;
        const auto c = complaint_of(done.got);
        const auto taught = lesson_of(done.got, c, on_its_way.how);
        const bool learned = at->learned().take(taught, done.got, c, on_its_way.how);
        done.refused = learned && is_for_caller(taught);
        if (done.refused)
            co_return done;
        if (!learned || turn == most_turns || !may_ask_again(*at, taught, on_its_way.keys)) {
            how.by.key_id = on_its_way.keys.access_key_id;
            how.by.region = on_its_way.how.region;
            throw at->noted(failure_of(done.got, how.by, at->options().time->wall()));
        }
    }
}

} // namespace infra::storage::s3
