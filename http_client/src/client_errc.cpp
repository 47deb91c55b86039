#include <infra/http_client/client_errc.hpp>

#include <boost/asio/error.hpp>

#include <array>
#include <utility>

namespace infra::http {

const boost::system::error_category& client_category() noexcept {
    static constexpr std::string_view messages[] = {
        "the host's name has no address",
        "no connection",
        "no trusted TLS connection",
        "the proxy refused",
        "the connection was lost before the response was complete",
        "the response is not HTTP",
        "the response is too large",
        "the redirect cannot be followed",
    };
    static const table_category category("infra.http.client", messages);
    return category;
}

bool is_retryable(const boost::system::error_code& code) noexcept {
    return code == client_errc::dns || code == client_errc::connect || code == client_errc::lost ||
           code == errc::timed_out || code == errc::overloaded;
}

std::string_view failure_name(const boost::system::error_code& code) noexcept {
    static constexpr std::array<std::string_view, 8> ours{"dns",  "connect",  "tls",       "proxy",
                                                          "lost", "protocol", "too_large", "redirect"};
    if (code.category() == client_category() && code.value() >= 1 && std::cmp_less_equal(code.value(), ours.size()))
        return ours[static_cast<std::size_t>(code.value()) - 1];
    if (code == errc::timed_out)
        return "timed_out";
    if (code == errc::closed)
        return "closed";
    if (code == errc::overloaded)
        return "overloaded";
    if (code == boost::asio::error::operation_aborted || code == errc::cancelled)
        return "cancelled";
    return "error";
}

client_error::client_error(boost::system::error_code code, std::string sentence, bool may_have_arrived)
    : error(code, std::move(sentence)), may_have_arrived_(may_have_arrived) {}

} // namespace infra::http
