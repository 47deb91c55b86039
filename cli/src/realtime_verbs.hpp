#pragma once

// `infra realtime`, a file for each kind of verb. They speak to a running service as its operators do (infra/realtime/admin.hpp).

#include "operator_access.hpp"

#include <infra/base/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace infra::cli {

/// What a verb works with.
struct realtime_session {
    service_access at;
    const output& to;

    http::client_request request(std::string path) const;
    /// The document that the service answers with. Throws refused, and what the HTTP client throws.
    json::value get(std::string path) const;
    json::value post(std::string path, const json::value& body) const;
};

/// Throws refused for any status but 200.
json::value document_of(int status, std::string_view body);

/// JSON, or the text itself where it is none. `-` is the standard input, up to 1 MiB.
json::value message_data(const std::string& text);

/// The word `realtime`, on which the verbs hang.
struct realtime_group {
    frame& to;
    CLI::App& app;
    std::shared_ptr<const service_place> place;

    /// What `act` throws is told, and becomes an exit code.
    CLI::App& add(verb v, std::function<exit_code(const realtime_session&)> act) const;
};

void add_realtime_channels(const realtime_group& to);
void add_realtime_clients(const realtime_group& to);
void add_realtime_presence(const realtime_group& to);
void add_realtime_publish(const realtime_group& to);
void add_realtime_tail(const realtime_group& to);
void add_realtime_kick(const realtime_group& to);
void add_realtime_bench(const realtime_group& to);

} // namespace infra::cli
