#include "operator_access.hpp"

#include "health.hpp"
#include "printable.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>

#include <stdexcept>

namespace infra::cli {
namespace {

exit_code code_for(const boost::system::error_code& failure) {
    if (failure == errc::misconfigured || failure == errc::invalid_input)
        return exit_code::usage;
    return failure == errc::cancelled ? exit_code::interrupted : exit_code::unreachable;
}

std::string text_at(const json::value& document, std::string_view pointer) {
    boost::system::error_code none;
    const auto* found = document.find_pointer(pointer, none);
    return found && found->is_string() ? printable(found->get_string()) : "";
}

} // namespace

void add_place(CLI::App& to, service_place& place) {
    to.add_option("--url", place.url, "Where the service listens; default http://$HOST:$PORT");
    to.add_option("--timeout", place.timeout, "How long to wait for an answer")->capture_default_str();
}

service_access access_to(const service_place& place) {
    const auto patience = parse_duration(place.timeout);
    if (!patience || patience->count() <= 0)
        throw std::invalid_argument("--timeout: expected a duration such as 500ms or 5s");
    const auto variables = environment::of_process();
    auto url = place.url.empty() ? url_from(variables) : place.url;
    while (url.ends_with('/'))
        url.pop_back();
    return {.url = std::move(url), .token = variables.get_or("INFRA_ADMIN_TOKEN", ""), .patience = *patience};
}

http::client_request service_access::request(std::string path) const {
    http::client_request made{.url = url + path, .deadline = deadline::after(patience)};
    if (!token.empty())
        made.headers.set("authorization", "Bearer " + token);
    made.max_response_body = max_answer_bytes;
    return made;
}

exit_code told_how_it_ends(const output& to, const std::function<exit_code()>& act) {
    try {
        return act();
    } catch (const refused& e) {
        return to.fail(e.exit(), e.what());
    } catch (const boost::system::system_error& e) {
        return to.fail(code_for(e.code()), e.what());
    } catch (const std::invalid_argument& e) {
        return to.fail(exit_code::usage, e.what());
    }
}

std::string with_query(std::string path, const service_query& names) {
    char separator = '?';
    for (const auto& [name, value] : names) {
        if (value.empty())
            continue;
        path.append(1, std::exchange(separator, '&')).append(name).append("=").append(encoding::percent_encode(value));
    }
    return path;
}

service_error error_in(std::string_view body) {
    const auto document = json::parse(body);
    if (!document)
        return {};
    return {.code = text_at(*document, "/error/code"), .message = text_at(*document, "/error/message")};
}

} // namespace infra::cli
