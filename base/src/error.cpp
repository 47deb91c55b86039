#include <infra/base/error.hpp>

#include <system_error>

namespace infra {
namespace {

constexpr std::string_view unknown_messages[] = {"unknown"};
constexpr table_category unknown_category("infra.unknown", unknown_messages);

// The same code in Boost's categories, so that it compares equal to boost::system::errc.
boost::system::error_code of_std(const std::error_code& code) noexcept {
    if (code.category() == std::generic_category())
        return {code.value(), boost::system::generic_category()};
    if (code.category() == std::system_category())
        return {code.value(), boost::system::system_category()};
    return code;
}

} // namespace

error::error(boost::system::error_code code, std::string sentence)
    : boost::system::system_error(code), sentence_(std::move(sentence)) {}

std::string describe(std::exception_ptr thrown) noexcept try {
    if (!thrown)
        return {};
    std::rethrow_exception(thrown);
} catch (const std::exception& e) {
    return e.what();
} catch (const std::string& text) {
    return text;
} catch (const char* text) {
    return text;
} catch (...) {
    return "an exception that is not a std::exception";
}

boost::system::error_code code_of(std::exception_ptr thrown) noexcept try {
    if (!thrown)
        return {};
    std::rethrow_exception(thrown);
} catch (const boost::system::system_error& e) {
    return e.code();
} catch (const std::system_error& e) {
    return of_std(e.code());
} catch (...) {
    return {1, unknown_category};
}

std::string table_category::message(int value) const {
    if (value < 1 || static_cast<std::size_t>(value) > messages_.size())
        return "unknown error " + std::to_string(value);
    return std::string(messages_[static_cast<std::size_t>(value) - 1]);
}

const boost::system::error_category& base_category() noexcept {
    static constexpr std::string_view messages[] = {
        "the deadline passed", "the operation was cancelled", "it is closed",
        "it is overloaded",    "the input is not acceptable", "not possible in this state",
        "not available",       "input or output failed",      "the configuration contradicts itself",
    };
    static const table_category category("infra", messages);
    return category;
}

} // namespace infra
