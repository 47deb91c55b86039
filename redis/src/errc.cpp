#include <infra/redis/errc.hpp>

#include <infra/base/error.hpp>

namespace infra::redis {

const boost::system::error_category& category() noexcept {
    static constexpr std::string_view messages[] = {
        "the connection was lost after the command was sent: it may have been executed",
        "no answer by the deadline: the command may have been executed",
        "no connection by the deadline",
        "the server refused the connection",
        "what came is not Redis' protocol",
        "the reply is too large",
        "the reply is of another type",
        "the server answered with an error",
        "all connections for blocking commands are in use",
    };
    static const table_category instance("infra.redis", messages);
    return instance;
}

bool may_have_been_executed(const boost::system::error_code& code) noexcept {
    return code == errc::lost || code == errc::unanswered || code == errc::protocol || code == errc::too_large;
}

} // namespace infra::redis
