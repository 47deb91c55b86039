#include "record.hpp"

#include <infra/base/error.hpp>
#include <infra/http_client/client_errc.hpp>

#include <new>
#include <utility>

namespace infra::http {
namespace {

void describe(telemetry::span& span, const outgoing& request) {
    if (!span.recording())
        return;
    const auto& to = request.to;
    const bool bracketed = to.host.starts_with('[');
    const auto address = bracketed ? to.host.substr(1, to.host.size() - 2) : to.host;
    span.set({{"http.request.method", to_string(request.method)},
              {"server.address", address},
              {"server.port", to.port},
              {"url.full", to.redacted()}});
}

} // namespace

record::record(std::shared_ptr<client_metrics> metrics, clock& time, const outgoing& request)
    : metrics_(std::move(metrics)),
      time_(time),
      began_(time.steady()),
      latest_(began_),
      method_(request.method),
      host_(request.to.host),
      span_(to_string(request.method), span_kind::client) {
    describe(span_, request);
}

void record::arrived() { latest_ = time_.steady(); }

void record::answered(int status) {
    if (std::exchange(counted_, true))
        return;
    arrived();
    count(status_label(status));
    span_.set({{"http.response.status_code", status}});
    if (status >= 400)
        span_.fail(reason_phrase(status));
    span_.end();
}

void record::failed(const std::exception_ptr& why) {
    if (counted_)
        return;
    arrived();
    fail(why);
}

void record::dropped() noexcept {
    try {
        fail(std::make_exception_ptr(error(errc::cancelled, "the response was not read to its end")));
    } catch (const std::bad_alloc&) { // then it is not counted
    }
}

void record::fail(const std::exception_ptr& why) {
    if (std::exchange(counted_, true))
        return;
    const auto name = failure_name(code_of(why));
    count(name);
    span_.set({{"error.type", name}});
    span_.fail(infra::describe(why));
    span_.end();
}

void record::count(std::string_view status) { metrics_->count(method_, host_, status, latest_ - began_); }

} // namespace infra::http
