#include "dashboard_client.hpp"

#include "json_members.hpp"
#include "printable.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <ostream>
#include <utility>

namespace infra::cli {
namespace {

constexpr std::string_view api = "/infra/api";
constexpr std::size_t longest_topic = 512; // what a service takes
constexpr std::size_t max_error_bytes = 64 * 1024;
constexpr std::size_t most_of_a_page = 200;

bool is_passing(int status) { return status == 502 || status == 503 || status == 504; }

// Nobody answers there: not that what was asked for is not there.
bool is_unknown_path(int status, const service_error& said) {
    return status == 405 || (status == 404 && (said.code.empty() || said.code == "not_found"));
}

[[noreturn]] void refuse(int status, const service_error& said) {
    const auto whole =
        "the service answered " + std::to_string(status) + (said.message.empty() ? "" : ": " + said.message);
    if (status == 401 || status == 421 || (status == 403 && said.code == "not_from_here"))
        throw refused(exit_code::usage, std::string(token_refused));
    if (status == 400 || status == 422)
        throw refused(exit_code::usage, said.message.empty() ? whole : said.message);
    if (status == 404 && !is_unknown_path(status, said))
        throw refused(exit_code::not_found, said.message);
    if (is_unknown_path(status, said))
        throw refused(exit_code::failed,
                      "the service has no dashboard under /infra, which would know; it has one where it "
                      "calls infra::dashboard::mount");
    if (is_passing(status))
        throw error(errc::unavailable, whole);
    throw refused(exit_code::failed, whole);
}

void cut(std::string& url, std::size_t from) {
    url.erase(from);
    while (url.ends_with('/'))
        url.pop_back();
}

service_access at_its_root(service_access at) {
    at.url = service_root(std::move(at.url));
    return at;
}

// Where a character that has only begun at the end begins; CR is half of what ends a line.
std::size_t end_of_characters(std::string_view text) {
    if (text.ends_with('\r'))
        return text.size() - 1;
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        const std::size_t needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        if (needs > 1)
            return needs > back ? text.size() - back : text.size();
        if (byte < 0x80)
            break;
    }
    return text.size();
}

std::size_t left_out_of(const http::client_response& head) {
    const auto said = head.headers.get("x-infra-left-out").value_or("");
    std::size_t count = 0;
    std::from_chars(said.data(), said.data() + said.size(), count);
    return count;
}

} // namespace

std::string service_root(std::string url) {
    const auto scheme = url.find("://");
    const auto path = std::min(url.find('/', scheme == std::string::npos ? 0 : scheme + 3), url.size());
    if (const auto page = url.find("/infra/", path); page != std::string::npos)
        cut(url, page);
    if (url.find_first_of("?#") != std::string::npos)
        throw refused(
            exit_code::usage,
            "--url: expected where the service listens, such as http://127.0.0.1:3000, and nothing behind it");
    while (url.ends_with('/'))
        url.pop_back();
    for (const std::string_view each : {"/infra", "/health", "/ready", "/metrics"})
        if (url.size() >= path + each.size() && url.ends_with(each))
            cut(url, url.size() - each.size());
    return url;
}

std::string pieces_for_terminal::add(std::string_view piece) {
    held_ += piece;
    const auto end = end_of_characters(held_);
    auto text = held_.substr(0, end);
    held_.erase(0, end);
    for (auto at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n", at))
        text.erase(at, 1);
    return printable_lines(text);
}

std::string pieces_for_terminal::rest() { return printable_lines(std::exchange(held_, "")); }

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

dashboard_client::dashboard_client(executor ex, service_access at)
    : at_(at_its_root(std::move(at))), client_(std::move(ex)) {}

awaitable<bool> dashboard_client::has_dashboard() const {
    const auto answer = co_await client_.send(at_.request(std::string(api) + "/session"));
    if (answer.status == 401 || answer.status == 403 || answer.status == 421)
        refuse(answer.status, error_in(answer.body));
    if (answer.status != 200)
        co_return false;
    const auto session = json::parse(answer.body);
    co_return session.has_value() && member_of(*session, "service") != nullptr;
}

awaitable<void> dashboard_client::refuse_what_is_not_offered(int status, std::string_view body) const {
    if (is_unknown_path(status, error_in(body)) && co_await has_dashboard())
        throw refused(exit_code::failed,
                      "this service does not offer that: its dashboard answers, but lacks what was asked for, as "
                      "where the module is off, the service is older or says itself who may");
}

awaitable<json::value> dashboard_client::get(std::string path) const {
    const auto answer = co_await client_.send(at_.request(std::string(api) + path));
    co_await refuse_what_is_not_offered(answer.status, answer.body);
    co_return dashboard_document(answer.status, answer.body);
}

awaitable<listed> dashboard_client::list(std::string path, service_query query, std::size_t limit) const {
    listed all;
    std::string next;
    do { // a page may be short of what was asked
        auto asked = query;
        asked.emplace_back("cursor", next);
        asked.emplace_back("limit", std::to_string(std::min(limit - all.items.size(), most_of_a_page)));
        const auto page = co_await get(with_query(path, asked));
        const auto& items = items_of(page, "items");
        std::ranges::copy(items, std::back_inserter(all.items));
        const auto before = std::exchange(next, cell_of(page, "next"));
        if (items.empty() && next == before) // it would go on like this
            next.clear();
    } while (!next.empty() && all.items.size() < limit);
    all.more = !next.empty();
    co_return all;
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
    co_await refuse_what_is_not_offered(answer.status, answer.body);
    co_return dashboard_document(answer.status, answer.body);
}

awaitable<http::client_stream> dashboard_client::opened(http::client_request request) const {
    request.max_response_body = std::nullopt;
    auto stream = co_await client_.open(std::move(request));
    const int status = stream.head().status;
    if (status == 200)
        co_return stream;
    const auto body = co_await stream.read_all(max_error_bytes);
    co_await refuse_what_is_not_offered(status, body);
    refuse(status, error_in(body));
}

awaitable<std::size_t> dashboard_client::download(std::string path, std::ostream& into) const {
    auto stream = co_await opened(at_.request(std::string(api) + path));
    const bool is_shown = is_terminal(into);
    pieces_for_terminal shown;
    while (into) {
        const auto piece = co_await stream.read(deadline::after(at_.patience));
        if (piece.empty())
            break;
        into << (is_shown ? shown.add(piece) : piece);
    }
    into << shown.rest();
    co_return left_out_of(stream.head());
}

awaitable<http::client_stream> dashboard_client::watch(std::string topic) const {
    if (topic.size() > longest_topic)
        throw refused(exit_code::usage, "that is too much to look for while following: 512 bytes at most");
    co_return co_await opened(at_.request(with_query(std::string(api) + "/live", {{"topic", std::move(topic)}})));
}

} // namespace infra::cli
