#include <infra/email/error.hpp>

#include "error_name.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <utility>

namespace infra::email {
namespace {

bool may_pass(const boost::system::error_code& code) noexcept {
    return code == infra::errc::timed_out || code == infra::errc::unavailable || code == infra::errc::overloaded ||
           code == infra::errc::io;
}

} // namespace

const boost::system::error_category& email_category() noexcept {
    static constexpr std::string_view messages[] = {
        "there is no such template",
        "the template is broken",
        "a value is missing",
        "not an email address",
        "no sender is named",
        "a header is not acceptable",
        "the message is too large",
        "there is no such attachment",
        "the transport cannot do this",
        "the provider refuses the message",
        "the provider does not take the key or password",
        "the provider takes no more for now",
        "the idempotency key was used for another message",
    };
    static const table_category category("infra.email", messages);
    return category;
}

std::string_view name_of(const boost::system::error_code& code) noexcept {
    static constexpr std::array<std::string_view, 13> ours{
        "no_template",  "bad_template",   "missing_variable", "bad_address", "no_sender",
        "bad_header",   "too_large",      "no_attachment",    "unsupported", "refused",
        "unauthorized", "quota_exceeded", "key_reused"};
    if (code.category() == email_category() && code.value() >= 1 && std::cmp_less_equal(code.value(), ours.size()))
        return ours[static_cast<std::size_t>(code.value()) - 1];
    if (code == infra::errc::timed_out)
        return "timed_out";
    if (code == infra::errc::io)
        return "io";
    if (code == infra::errc::unavailable)
        return "unavailable";
    if (code == infra::errc::overloaded)
        return "overloaded";
    if (code == infra::errc::invalid_input)
        return "invalid_input";
    if (code == infra::errc::misconfigured)
        return "misconfigured";
    if (code == boost::asio::error::operation_aborted || code == infra::errc::cancelled)
        return "cancelled";
    return "error";
}

send_error::send_error(boost::system::error_code code, std::string sentence)
    : send_error(code, std::move(sentence), {.name = std::string(name_of(code)), .retryable = may_pass(code)}) {}

send_error::send_error(boost::system::error_code code, std::string sentence, details of)
    : error(code, std::move(sentence)), details_(std::move(of)) {}

} // namespace infra::email
