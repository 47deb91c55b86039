#include "answers.hpp"
#include "board.hpp"

#include <boost/asio/error.hpp>

#include <stdexcept>

namespace infra::dashboard {
namespace {

// form-action: the log-in is a form. data: is for the page's icon, blob: for pictures that were fetched.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

template <class... Codes>
bool is_one_of(const boost::system::error_code& code, Codes... codes) noexcept {
    return ((code == codes) || ...);
}

// What is missing is 503 and may be asked for again; what was asked for wrongly is 422. 0: nobody's to know.
int status_of(const boost::system::error_code& code) noexcept {
    if (code == errc::timed_out)
        return 504;
    if (is_one_of(code, errc::unavailable, errc::overloaded, errc::closed, errc::io, errc::misconfigured,
                  queue::errc::unavailable, queue::errc::corrupt, queue::errc::incompatible, cache::errc::unavailable,
                  storage::errc::denied, storage::errc::throttled, storage::errc::no_bucket, storage::errc::full,
                  storage::errc::integrity) ||
        std::string_view(code.category().name()) == "infra.redis")
        return 503;
    if (code == storage::errc::not_found)
        return 404;
    if (is_one_of(code, storage::errc::precondition, queue::errc::lease_lost))
        return 409;
    const std::string_view ours = code.category().name();
    return code == errc::invalid_input || (ours.starts_with("infra.") && ours != "infra") ? 422 : 0;
}

std::string_view word_for(int status) noexcept {
    switch (status) {
    case 404: return "not_found";
    case 409: return "conflict";
    case 422: return "invalid_request";
    case 504: return "too_slow";
    default: return "unavailable";
    }
}

} // namespace

http::response sealed(http::response made) {
    auto& h = made.headers;
    h.set("X-Content-Type-Options", "nosniff");
    h.set("Referrer-Policy", "no-referrer");
    h.set("Cross-Origin-Opener-Policy", "same-origin");
    h.set("Cross-Origin-Resource-Policy", "same-origin");
    h.set("X-Robots-Tag", "noindex");
    if (!h.contains("Content-Security-Policy")) {
        h.set("Content-Security-Policy", policy);
        h.set("X-Frame-Options", "DENY");
    }
    if (!h.contains("Cache-Control"))
        h.set("Cache-Control", "no-store");
    return made;
}

http::response answer_of(std::exception_ptr thrown, std::string_view route) {
    try {
        std::rethrow_exception(thrown);
    } catch (const http::error_response& refused) {
        return refused.to_response();
    } catch (const std::invalid_argument& e) {
        return http::response::error(422, "invalid_request", e.what());
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        if (const auto status = status_of(e.code()))
            return http::response::error(status, word_for(status), e.what());
    } catch (...) {
    }
    telemetry::log(level::error, "dashboard", "a panel failed", {{"route", route}, {"error", describe(thrown)}});
    return http::response::error(500, "internal_error", "something went wrong; the log says what");
}

http::response page_of(json::array items, std::string next) {
    return http::response::ok(
        {{"items", std::move(items)}, {"next", next.empty() ? json::value() : json::value(next)}});
}

} // namespace infra::dashboard
