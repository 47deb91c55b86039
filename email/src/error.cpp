#include <infra/email/error.hpp>

namespace infra::email {

const boost::system::error_category& email_category() noexcept {
    static constexpr std::string_view messages[] = {
        "there is no such template", "the template is broken",     "a value is missing",       "not an email address",
        "no sender is named",        "a header is not acceptable", "the message is too large",
    };
    static const table_category category("infra.email", messages);
    return category;
}

} // namespace infra::email
