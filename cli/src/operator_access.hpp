#pragma once

/// Verbs that ask a running service what its operators may know: where it is, what it refuses, how they end.
///
///     add_place(app, words->place);
///     return told_how_it_ends(to, [&] { return until_interrupted(list(access_to(words->place), to)); });

#include "frame.hpp"

#include <infra/base/error.hpp>
#include <infra/http_client.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::cli {

/// Where the service is, from the command line or the environment.
struct service_place {
    std::string url;
    std::string timeout = "5s";
};

/// The options --url and --timeout.
void add_place(CLI::App& to, service_place& place);

struct service_access {
    std::string url;   ///< "http://127.0.0.1:3000", without a slash at the end
    std::string token; ///< of operators: INFRA_ADMIN_TOKEN
    std::chrono::milliseconds patience{};

    http::client_request request(std::string path) const;
};

/// Throws std::invalid_argument for a time that is none.
service_access access_to(const service_place& place);

/// An answer that is none: what is wrong, and how the command ends.
class refused : public error {
public:
    refused(exit_code code, std::string sentence) : error(errc::invalid_input, std::move(sentence)), code_(code) {}
    exit_code exit() const noexcept { return code_; }

private:
    exit_code code_;
};

/// What `act` throws is told, and becomes an exit code.
exit_code told_how_it_ends(const output& to, const std::function<exit_code()>& act);

using service_query = std::vector<std::pair<std::string_view, std::string>>;

/// `/channels?prefix=room%3A`; names without a value are left out.
std::string with_query(std::string path, const service_query& names);

/// `{"error":{"code","message"}}`, safe to be shown; empty where it is something else.
struct service_error {
    std::string code;
    std::string message;
};
service_error error_in(std::string_view body);

inline constexpr std::string_view token_refused = "the service refuses: set INFRA_ADMIN_TOKEN to what the service has";

inline constexpr std::size_t max_answer_bytes = std::size_t{64} << 20;

} // namespace infra::cli
