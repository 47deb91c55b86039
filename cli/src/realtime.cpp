#include "realtime_verbs.hpp"

#include "health.hpp"
#include "printable.hpp"
#include "verbs.hpp"

#include <infra/base/encoding.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/this_coro.hpp>

#include <iostream>
#include <stdexcept>

namespace infra::cli {
namespace {

constexpr std::size_t max_answer_bytes = std::size_t{64} << 20;
constexpr std::size_t max_input_bytes = std::size_t{1} << 20;

std::string without_slash(std::string url) {
    while (url.ends_with('/'))
        url.pop_back();
    return url;
}

realtime_session open_session(const realtime_place& place, const output& to) {
    const auto patience = parse_duration(place.timeout);
    if (!patience || patience->count() <= 0)
        throw std::invalid_argument("--timeout: expected a duration such as 500ms or 5s");
    const auto variables = environment::of_process();
    return {.url = without_slash(place.url.empty() ? url_from(variables) : place.url),
            .token = variables.get_or("INFRA_ADMIN_TOKEN", ""),
            .patience = *patience,
            .to = to};
}

exit_code code_for(const boost::system::error_code& failure) {
    if (failure == errc::misconfigured || failure == errc::invalid_input)
        return exit_code::usage;
    return failure == errc::cancelled ? exit_code::interrupted : exit_code::unreachable;
}

std::string message_of(std::string_view body) {
    const auto document = json::parse(body);
    boost::system::error_code none;
    const auto* found = document ? document->find_pointer("/error/message", none) : nullptr;
    return found && found->is_string() ? printable(found->get_string()) : "";
}

awaitable<http::client_response> sent(http::client_request request) {
    const http::client client(co_await asio::this_coro::executor);
    co_return co_await client.send(std::move(request));
}

} // namespace

json::value document_of(int status, std::string_view body) {
    const auto said = message_of(body);
    if (status == 401)
        throw refused(exit_code::usage, "the service refuses: set INFRA_ADMIN_TOKEN to what the service has");
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

std::string with_query(std::string path, const std::vector<std::pair<std::string_view, std::string>>& names) {
    char separator = '?';
    for (const auto& [name, value] : names) {
        if (value.empty())
            continue;
        path.append(1, std::exchange(separator, '&')).append(name).append("=").append(encoding::percent_encode(value));
    }
    return path;
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

http::client_request realtime_session::request(std::string path) const {
    http::client_request made{.url = url + "/infra/realtime" + path, .deadline = deadline::after(patience)};
    if (!token.empty())
        made.headers.set("authorization", "Bearer " + token);
    made.max_response_body = max_answer_bytes;
    return made;
}

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
        try {
            return act(open_session(*at, o));
        } catch (const refused& e) {
            return o.fail(e.exit(), e.what());
        } catch (const boost::system::system_error& e) {
            return o.fail(code_for(e.code()), e.what());
        } catch (const std::invalid_argument& e) {
            return o.fail(exit_code::usage, e.what());
        }
    };
    return to.add(std::move(v), guarded, &app);
}

void add_realtime(frame& f) {
    const auto place = std::make_shared<realtime_place>();
    auto& app = f.add_group(
        {.name = "realtime",
         .description =
             "Looks at the channels and clients of a running service, speaks in channels and listens to them. The "
             "service and this command have the same INFRA_ADMIN_TOKEN.",
         .examples = {"infra realtime channels room: --url http://10.0.0.7:3000",
                      R"(infra realtime publish room:1 said '{"text":"Hello!"}')",
                      "infra realtime tail room:1 --history 10", "infra realtime kick --user anna"}});
    app.add_option("--url", place->url, "Where the service listens; default http://$HOST:$PORT");
    app.add_option("--timeout", place->timeout, "How long to wait for an answer")->capture_default_str();
    const realtime_group group{f, app, place};
    add_realtime_channels(group);
    add_realtime_clients(group);
    add_realtime_publish(group);
    add_realtime_tail(group);
    add_realtime_kick(group);
    add_realtime_bench(group);
}

} // namespace infra::cli
