#include "message_access.hpp"

#include <infra/base/context.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <stdexcept>

namespace infra::http {
namespace {

boost::json::string_view as_json(std::string_view text) noexcept { return {text.data(), text.size()}; }

} // namespace

awaitable<void> body_writer::write(std::string piece) { return sink_->write(std::move(piece)); }

response response::of(int status, std::string_view content_type, std::string body) {
    response made(status);
    made.headers.append("Content-Type", content_type);
    made.body = std::move(body);
    return made;
}

response response::redirect(std::string_view location, int status) {
    response made(status);
    made.headers.append("Location", location);
    return made;
}

response response::error(int status, std::string_view code, std::string_view message, std::string_view path) {
    infra::json::object what{{"code", as_json(code)}, {"message", as_json(message)}};
    if (!path.empty())
        what["path"] = as_json(path);
    const auto current = context::current();
    if (!current.request_id().empty())
        what["request_id"] = as_json(current.request_id());
    return json(status, infra::json::value{{"error", std::move(what)}});
}

response response::not_found(std::string_view message) { return error(404, "not_found", message); }

response response::stream(std::string_view content_type, body_producer producer, std::optional<std::uint64_t> length) {
    auto made = of(200, content_type, {});
    made.streamed_ = std::make_shared<detail::streamed_body>(detail::streamed_body{std::move(producer), length});
    return made;
}

response response::file(std::string path, file_options options) {
    response made;
    made.file_ = std::make_shared<detail::file_body>();
    made.file_->path = std::move(path);
    made.file_->options = std::move(options);
    return made;
}

error_response::error_response(int status, std::string code, std::string message, std::string path)
    : infra::error(errc::invalid_input, std::move(message)),
      status_(status),
      code_(std::move(code)),
      path_(std::move(path)) {
    if (status < 400 || status > 599)
        throw std::invalid_argument("http::error_response: the status must be from 400 to 599");
}

} // namespace infra::http
