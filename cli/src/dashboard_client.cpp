#include "dashboard_client.hpp"

#include <ostream>

namespace infra::cli {
namespace {

constexpr std::string_view api = "/infra/api";
constexpr std::size_t longest_topic = 512; // what a service takes
constexpr std::size_t max_error_bytes = 64 * 1024;

bool is_passing(int status) { return status == 502 || status == 503 || status == 504; }

[[noreturn]] void refuse(int status, const service_error& said) {
    const auto whole =
        "the service answered " + std::to_string(status) + (said.message.empty() ? "" : ": " + said.message);
    if (status == 401 || status == 421 || (status == 403 && said.code == "not_from_here"))
        throw refused(exit_code::usage, std::string(token_refused));
    if (status == 400 || status == 422)
        throw refused(exit_code::usage, said.message.empty() ? whole : said.message);
    if (status == 404 && !said.code.empty() && said.code != "not_found")
        throw refused(exit_code::not_found, said.message);
    if (status == 404 || status == 405)
        throw refused(exit_code::failed,
                      "the service has no dashboard under /infra, which would know; it has one where it "
                      "calls infra::dashboard::mount");
    if (is_passing(status))
        throw error(errc::unavailable, whole);
    throw refused(exit_code::failed, whole);
}

} // namespace

json::value dashboard_document(int status, std::string_view body) {
    if (status == 204)
        return nullptr;
    if (status != 200 && status != 201)
        refuse(status, error_in(body));
    auto document = json::parse(body, {.max_bytes = max_answer_bytes, .max_depth = 40});
    if (!document)
        throw refused(exit_code::failed, "the service answered with what is no JSON; is --url that of the service?");
    return *std::move(document);
}

dashboard_client::dashboard_client(executor ex, service_access at) : at_(std::move(at)), client_(std::move(ex)) {}

awaitable<json::value> dashboard_client::get(std::string path) const {
    const auto answer = co_await client_.send(at_.request(std::string(api) + path));
    co_return dashboard_document(answer.status, answer.body);
}

awaitable<json::value> dashboard_client::send(http::method how, std::string path, json::value body) const {
    auto request = at_.request(std::string(api) + path);
    request.method = how;
    request.headers.set("sec-fetch-site", "same-origin"); // no other site's page makes us ask
    request.headers.set("x-infra-dashboard", "1");
    if (!body.is_null()) {
        request.headers.set("content-type", "application/json");
        request.body = json::to_text(body);
    }
    const auto answer = co_await client_.send(std::move(request));
    co_return dashboard_document(answer.status, answer.body);
}

awaitable<void> dashboard_client::download(std::string path, std::ostream& into) const {
    auto request = at_.request(std::string(api) + path);
    request.max_response_body = std::nullopt;
    auto stream = co_await client_.open(std::move(request));
    if (stream.head().status != 200)
        refuse(stream.head().status, error_in(co_await stream.read_all(max_error_bytes)));
    while (into) {
        const auto piece = co_await stream.read(deadline::after(at_.patience));
        if (piece.empty())
            co_return;
        into << piece;
    }
}

awaitable<http::client_stream> dashboard_client::watch(std::string topic) const {
    if (topic.size() > longest_topic)
        throw refused(exit_code::usage, "that is too much to look for while following: 512 bytes at most");
    auto request = at_.request(with_query(std::string(api) + "/live", {{"topic", std::move(topic)}}));
    request.max_response_body = std::nullopt;
    auto stream = co_await client_.open(std::move(request));
    if (stream.head().status != 200)
        refuse(stream.head().status, error_in(co_await stream.read_all(max_error_bytes)));
    co_return stream;
}

} // namespace infra::cli
