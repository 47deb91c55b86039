#include "realtime_verbs.hpp"

#include "verbs.hpp"

#include <infra/runtime/wait.hpp>

#include <boost/asio/this_coro.hpp>

#include <iostream>
#include <stdexcept>

namespace infra::cli {
namespace {

constexpr std::size_t max_input_bytes = std::size_t{1} << 20;

awaitable<http::client_response> sent(http::client_request request) {
    const http::client client(co_await asio::this_coro::executor);
    co_return co_await client.send(std::move(request));
}

} // namespace

json::value document_of(int status, std::string_view body) {
    const auto said = status == 200 ? "" : error_in(body).message;
    if (status == 401)
        throw refused(exit_code::usage, std::string(token_refused));
    if (status == 404 || status == 405)
        throw refused(exit_code::failed,
                      "the service has no pages for operators there; it has them under /infra/realtime "
                      "when it is started with INFRA_ADMIN_TOKEN");
    if (status == 422)
        throw refused(exit_code::usage, said);
    if (status != 200)
        throw refused(status == 503 ? exit_code::unreachable : exit_code::failed,
                      "the service answered " + std::to_string(status) + (said.empty() ? "" : ": " + said));
    auto document = json::parse(body, {.max_bytes = max_answer_bytes, .max_depth = 40});
    if (!document)
        throw refused(exit_code::failed, "the service answered with what is no JSON; is --url that of the service?");
    return *std::move(document);
}

json::value message_data(const std::string& text) {
    auto given = text;
    if (text == "-") {
        given.resize(max_input_bytes + 1);
        std::cin.read(given.data(), static_cast<std::streamsize>(given.size()));
        given.resize(static_cast<std::size_t>(std::cin.gcount()));
        if (given.size() > max_input_bytes)
            throw std::invalid_argument("the data has more than 1 MiB");
    }
    auto read = json::parse(given);
    return read ? *std::move(read) : json::value(given);
}

http::client_request realtime_session::request(std::string path) const { return at.request("/infra/realtime" + path); }

json::value realtime_session::get(std::string path) const {
    const auto answer = wait(sent(request(std::move(path))));
    return document_of(answer.status, answer.body);
}

json::value realtime_session::post(std::string path, const json::value& body) const {
    auto made = request(std::move(path));
    made.method = http::method::post;
    made.headers.set("content-type", "application/json");
    made.body = json::to_text(body);
    const auto answer = wait(sent(std::move(made)));
    return document_of(answer.status, answer.body);
}

CLI::App& realtime_group::add(verb v, std::function<exit_code(const realtime_session&)> act) const {
    const auto guarded = [at = place, act = std::move(act)](const output& o) {
        return told_how_it_ends(o, [&] { return act({.at = access_to(*at), .to = o}); });
    };
    return to.add(std::move(v), guarded, &app);
}

void add_realtime(frame& f) {
    const auto place = std::make_shared<service_place>();
    auto& app = f.add_group(
        {.name = "realtime",
         .description =
             "Looks at the channels and clients of a running service, speaks in channels and listens to them. The "
             "service and this command have the same INFRA_ADMIN_TOKEN.",
         .examples = {"infra realtime channels room: --url http://10.0.0.7:3000",
                      R"(infra realtime publish room:1 said '{"text":"Hello!"}')",
                      "infra realtime tail room:1 --history 10", "infra realtime kick --user anna"}});
    add_place(app, *place);
    const realtime_group group{f, app, place};
    add_realtime_channels(group);
    add_realtime_clients(group);
    add_realtime_presence(group);
    add_realtime_publish(group);
    add_realtime_tail(group);
    add_realtime_kick(group);
    add_realtime_bench(group);
}

} // namespace infra::cli
