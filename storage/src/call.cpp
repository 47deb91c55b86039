#include "call.hpp"

#include "error_name.hpp"

#include <chrono>

namespace infra::storage {

call::call(core_ptr of, std::string_view op, const std::string& key)
    : of_(std::move(of)),
      op_(op),
      began_(of_->time().steady()),
      span_("storage " + std::string(op), span_kind::client) {
    span_.set({{"storage.bucket", of_->to().name()}});
    if (!key.empty())
        span_.set({{"storage.key", key}});
}

void call::succeeded() { end("ok"); }

void call::failed(const std::exception_ptr& why) {
    const auto status = name_of(code_of(why));
    span_.set({{"error.type", status}});
    span_.fail(describe(why));
    end(status);
}

void call::end(std::string_view status) {
    of_->metrics.called(op_, status, std::chrono::duration<double>(of_->time().steady() - began_).count());
}

} // namespace infra::storage
