#pragma once

/// `infra health` without the network.

#include "frame.hpp"

#include <infra/runtime/environment.hpp>

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace infra::cli {

/// What the verb prints and exits with.
struct health_answer {
    exit_code code = exit_code::ok;
    std::string text;
    boost::json::value document;
};

/// Where the service listens that would be started with this environment; an address that means "all" is asked on the
/// loopback interface.
std::string url_from(const environment& env);

/// `/health` is added where the address has no path of its own.
std::string health_url(std::string base);

/// An answer to a probe; a body that is no report is judged by the status alone.
health_answer read_health(int status, std::string_view body, bool colours = false);

} // namespace infra::cli
