#include <infra/http_client/client_errc.hpp>

#include <infra/base/error.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

namespace infra::http {
namespace {

using boost::system::error_code;

struct expectation {
    error_code code;
    std::string name;
    bool retryable;
};

TEST(ClientErrc, NamesAndJudgesEachFailure) {
    const expectation table[] = {
        {client_errc::dns, "dns", true},
        {client_errc::connect, "connect", true},
        {client_errc::tls, "tls", false},
        {client_errc::proxy, "proxy", false},
        {client_errc::lost, "lost", true},
        {client_errc::protocol, "protocol", false},
        {client_errc::too_large, "too_large", false},
        {client_errc::redirect, "redirect", false},
        {errc::timed_out, "timed_out", true},
        {errc::overloaded, "overloaded", true},
        {errc::closed, "closed", false},
        {errc::cancelled, "cancelled", false},
        {boost::asio::error::operation_aborted, "cancelled", false},
        {errc::invalid_input, "error", false},
        {error_code(), "error", false},
        {error_code(99, client_category()), "error", false},
    };
    for (const auto& [code, name, retryable] : table) {
        EXPECT_EQ(failure_name(code), name);
        EXPECT_EQ(is_retryable(code), retryable) << name;
    }
}

TEST(ClientErrc, HasASentenceForEach) {
    for (int value = 1; value <= static_cast<int>(client_errc::redirect); ++value)
        EXPECT_EQ(client_category().message(value).find("unknown"), std::string::npos) << value;
    EXPECT_EQ(make_error_code(client_errc::redirect).message(), "the redirect cannot be followed");
}

} // namespace
} // namespace infra::http
