// Must not compile but for the log: as a payload the secret would be lost, or in clear.

#include <infra/base/json.hpp>
#include <infra/logging/redaction.hpp>

struct login {
    std::string user;
    infra::logging::secret<std::string> password;
};
BOOST_DESCRIBE_STRUCT(login, (), (user, password))

struct request {
    std::vector<login> logins;
};
BOOST_DESCRIBE_STRUCT(request, (), (logins))

infra::field shown(const request& r) { return {"request", r}; }

#ifdef STORED
std::string stored(const request& r) { return infra::json::to_text(r); }
#endif
#ifdef READ
infra::json::result<request> read(std::string_view text) { return infra::json::parse<request>(text); }
#endif
