#pragma once

// `infra realtime`, a file for each kind of verb. They speak to a running service as its operators do (infra/realtime/admin.hpp).

#include "frame.hpp"

#include <infra/base/error.hpp>
#include <infra/base/json.hpp>
#include <infra/http_client.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace infra::cli {

/// Where the service is, from the command line or the environment.
struct realtime_place {
    std::string url;
    std::string timeout = "5s";
};

/// What a verb works with.
struct realtime_session {
    std::string url;   ///< "http://127.0.0.1:3000", without a slash at the end
    std::string token; ///< of operators
    std::chrono::milliseconds patience{};
    const output& to;

    http::client_request request(std::string path) const;
    /// The document that the service answers with. Throws refused, and what the HTTP client throws.
    json::value get(std::string path) const;
    json::value post(std::string path, const json::value& body) const;
};

/// An answer that is none: what is wrong, and how the command ends.
class refused : public error {
public:
    refused(exit_code code, std::string sentence) : error(errc::invalid_input, std::move(sentence)), code_(code) {}
    exit_code exit() const noexcept { return code_; }

private:
    exit_code code_;
};

/// Throws refused for any status but 200.
json::value document_of(int status, std::string_view body);

/// `/channels?prefix=room%3A`; names without a value are left out.
std::string with_query(std::string path, const std::vector<std::pair<std::string_view, std::string>>& names);

/// JSON, or the text itself where it is none. `-` is the standard input, up to 1 MiB.
json::value message_data(const std::string& text);

/// The word `realtime`, on which the verbs hang.
struct realtime_group {
    frame& to;
    CLI::App& app;
    std::shared_ptr<const realtime_place> place;

    /// What `act` throws is told, and becomes an exit code.
    CLI::App& add(verb v, std::function<exit_code(const realtime_session&)> act) const;
};

void add_realtime_channels(const realtime_group& to);
void add_realtime_clients(const realtime_group& to);
void add_realtime_publish(const realtime_group& to);
void add_realtime_tail(const realtime_group& to);
void add_realtime_kick(const realtime_group& to);
void add_realtime_bench(const realtime_group& to);

} // namespace infra::cli
