#include "engine.hpp"

#include <infra/base/context.hpp>
#include <infra/base/error.hpp>

#include <utility>

namespace infra::http {
namespace {

std::exception_ptr failure(errc code, const char* sentence) { return std::make_exception_ptr(error(code, sentence)); }

} // namespace

engine::engine(executor ex, client_options options) : loop(std::move(ex)), options_(std::move(options)) { open(); }

engine::~engine() { close(); }

void engine::open() {
    loop::open();
    curl::set(multi(), CURLMOPT_PIPELINING, options_.http2 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
    curl::set(multi(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.max_connections_per_host));
    curl::set(multi(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options_.max_connections));
    curl::set(multi(), CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_connections));
}

// --- Requests ---------------------------------------------------------------------------------------------------

void engine::start(std::shared_ptr<transfer> t) {
    // What libcurl does for all must not carry the context of one.
    const context_scope none{context()};
    if (draining_)
        return t->finish(failure(errc::closed, "http::client: it is stopped and sends nothing more"));
    if (transfers_.size() >= options_.max_requests)
        return t->finish(
            failure(errc::overloaded, "http::client: max_requests are in flight already; send less or raise it"));
    transfers_.emplace(t->handle(), t);
    const auto code = curl_multi_add_handle(multi(), t->handle());
    if (code == CURLM_OK)
        return;
    transfers_.erase(t->handle());
    t->finish(std::make_exception_ptr(error(errc::unavailable, std::string("libcurl: ") + curl_multi_strerror(code))));
}

void engine::abandon(const std::shared_ptr<transfer>& t) noexcept {
    const auto found = t->handle() ? transfers_.find(t->handle()) : transfers_.end();
    if (found == transfers_.end())
        return;
    const context_scope none{context()};
    curl_multi_remove_handle(multi(), t->handle());
    transfers_.erase(found);
    t->finish(failure(errc::cancelled, "nobody waits for the response"));
    collect_finished(); // a request that waited for this one's connection may have ended at once
    end_if_drained();
}

void engine::resume(const std::shared_ptr<transfer>& t, int direction) noexcept {
    if (!t->handle() || !transfers_.contains(t->handle()))
        return;
    const context_scope none{context()};
    if (const auto code = t->resume(direction); code != CURLE_OK)
        ended(t->handle(), code);
    collect_finished();
}

void engine::ended(CURL* handle, CURLcode code) noexcept {
    curl_multi_remove_handle(multi(), handle);
    if (const auto gone = transfers_.extract(handle))
        gone.mapped()->finish(code);
    end_if_drained();
}

// The requests under way are lost, those to come are not.
void engine::broke(std::exception_ptr why) {
    fail_all(std::move(why));
    shut();
    if (!draining_)
        open();
}

void engine::fail_all(std::exception_ptr why) noexcept {
    while (!transfers_.empty()) {
        const auto ended = transfers_.extract(transfers_.begin());
        curl_multi_remove_handle(multi(), ended.key());
        ended.mapped()->finish(why);
    }
}

// --- The end ----------------------------------------------------------------------------------------------------

void engine::drain(std::shared_ptr<answer<void>> done) {
    draining_ = true;
    waiting_for_the_end_.push_back(std::move(done));
    end_if_drained();
}

void engine::end_if_drained() noexcept {
    if (draining_ && transfers_.empty())
        close();
}

void engine::close() noexcept {
    draining_ = true;
    shut();
    for (const auto& waiting : std::exchange(waiting_for_the_end_, {}))
        waiting->give();
}

void engine::shut() noexcept {
    if (!multi())
        return;
    fail_all(failure(errc::closed, "http::client: it was stopped before the response came"));
    loop::shut();
}

} // namespace infra::http
