#pragma once

/// A sign-up becomes a durable job, and the job a welcome mail.

#include <infra/app.hpp>

#include <string>

namespace service {

struct signup {
    std::string name;
    std::string email;
};
BOOST_DESCRIBE_STRUCT(signup, (), (name, email))

/// Sends the mail `emails/welcome.md`. Tried 5 times, and never sent twice.
const infra::queue::job<signup>& welcome();

/// POST /signup: 202 with the job's id, or 422 naming the field that is wrong.
void add_signup(infra::http::router& routes);

} // namespace service
