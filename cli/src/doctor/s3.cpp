#include "reached.hpp"

#include <infra/base/error.hpp>
#include <infra/base/http_date.hpp>
#include <infra/http_client.hpp>
#include <infra/storage.hpp>
#include <infra/storage/s3.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace infra::cli::doctor {
namespace {

std::optional<storage::s3_options> s3_of(const environment& variables) {
    try {
        const auto url = storage::url_from(variables);
        if (url == "s3:")
            return storage::s3_options_from(variables);
        if (url.starts_with("s3:") || url.starts_with("s3+http:"))
            return storage::s3_options_from_url(url, variables);
    } catch (const std::exception&) { // told by the check of settings
    }
    return std::nullopt;
}

std::string endpoint_of(const storage::s3_options& o) {
    return o.endpoint.empty() ? "https://s3." + o.region + ".amazonaws.com" : o.endpoint;
}

// Every server tells its time, whatever it answers.
awaitable<std::optional<std::chrono::seconds>> clock_ahead(storage::s3_options o, std::chrono::milliseconds patience) {
    const http::client client(co_await asio::this_coro::executor,
                              {.connect_timeout = patience, .proxy = o.proxy, .tls = o.tls});
    try {
        const auto response = co_await client.send(
            {.method = http::method::head, .url = endpoint_of(o), .deadline = deadline::after(patience)});
        const auto date = parse_http_date(response.headers.get("date").value_or(""));
        if (date)
            co_return std::chrono::duration_cast<std::chrono::seconds>(real_clock().wall() - *date);
    } catch (const error&) { // the signed request says why
    }
    co_return std::nullopt;
}

awaitable<s3_facts> ask(storage::s3_options o, std::chrono::milliseconds patience) {
    o.loop = co_await asio::this_coro::executor;
    o.connect_timeout = patience;
    const auto bucket = storage::make_s3_bucket(o);
    s3_facts facts{.about = bucket->description()};
    try {
        co_await bucket->ping(deadline::after(patience));
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        facts.problem = e.what();
    }
    co_return facts;
}

} // namespace

findings judge_s3(const s3_facts& f) {
    using namespace std::chrono_literals;
    findings all;
    const auto off = f.ahead ? std::chrono::abs(*f.ahead) : 0s;
    if (off >= 15min)
        all.push_back(failure(f.about,
                              "this clock is " + std::to_string(off.count()) + " s " +
                                  (*f.ahead > 0s ? "ahead of" : "behind") + " the server's",
                              "from 15 min on it refuses every request", "set the clock: `timedatectl set-ntp true`"));
    else if (off >= 1min)
        all.push_back(warning(f.about,
                              "this clock is " + std::to_string(off.count()) + " s " +
                                  (*f.ahead > 0s ? "ahead of" : "behind") + " the server's",
                              "signed URLs end early or late", "set the clock: `timedatectl set-ntp true`"));
    if (!f.problem.empty())
        all.push_back(failure(f.about, f.problem, "objects can neither be stored nor read",
                              "see bucket, region, endpoint and keys; `infra storage verify` tries all of it"));
    else if (worst_of(all) != verdict::fail)
        all.insert(all.begin(), well(f.about, "answers to a signed request"));
    return all;
}

std::string no_s3(const situation& at) { return s3_of(at.variables) ? "" : "objects are not kept there"; }

awaitable<findings> look_at_s3(situation at) {
    const auto o = *s3_of(at.variables);
    const auto patience = at.patience * 9 / 10;
    const auto begun = std::chrono::steady_clock::now();
    auto facts = co_await ask(o, patience);
    const auto left =
        patience - std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    if (left.count() > 0)
        facts.ahead = co_await clock_ahead(o, left);
    co_return judge_s3(facts);
}

} // namespace infra::cli::doctor
