#pragma once

#include <infra/app.hpp>

namespace starter {

/// What a visitor sends, and what the job is given.
struct signup {
    std::string name;
    std::string email;
};
BOOST_DESCRIBE_STRUCT(signup, (), (name, email))

/// Defines the job and adds the two routes.
void add_signup(infra::http::router& routes);

} // namespace starter
