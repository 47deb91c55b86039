#include <infra/storage/error.hpp>

#include "error_name.hpp"

#include <boost/asio/error.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::string_view messages[] = {"no such object",
                                         "no such bucket",
                                         "a condition does not hold",
                                         "not allowed",
                                         "the store asks for patience",
                                         "the bytes are not what was sent",
                                         "too large",
                                         "no room left",
                                         "no such range",
                                         "the upload is over",
                                         "the store cannot do this",
                                         "the store refuses"};

constexpr std::string_view code_names[] = {"not_found", "no_bucket", "precondition", "denied",
                                           "throttled", "integrity", "too_large",    "full",
                                           "bad_range", "no_upload", "unsupported",  "refused"};

constexpr std::string_view base_names[] = {"timed_out",     "cancelled",   "closed", "overloaded",   "invalid_input",
                                           "invalid_state", "unavailable", "io",     "misconfigured"};

bool may_pass(const boost::system::error_code& code) noexcept {
    return code == errc::throttled || code == infra::errc::timed_out || code == infra::errc::unavailable ||
           code == infra::errc::overloaded;
}

std::string_view name_in(std::span<const std::string_view> table, int value) noexcept {
    const auto at = static_cast<std::size_t>(value) - 1;
    return at < table.size() ? table[at] : "error";
}

} // namespace

const boost::system::error_category& storage_category() noexcept {
    static const infra::table_category category("infra.storage", messages);
    return category;
}

std::string_view name_of(const boost::system::error_code& code) noexcept {
    if (code.category() == storage_category())
        return name_in(code_names, code.value());
    if (code.category() == base_category())
        return name_in(base_names, code.value());
    return code == boost::asio::error::operation_aborted ? "cancelled" : "error";
}

storage_error::storage_error(boost::system::error_code code, std::string sentence)
    : storage_error(code, std::move(sentence), {.name = std::string(name_of(code)), .retryable = may_pass(code)}) {}

storage_error::storage_error(boost::system::error_code code, std::string sentence, details of)
    : error(code, std::move(sentence)), details_(std::move(of)) {}

} // namespace infra::storage
