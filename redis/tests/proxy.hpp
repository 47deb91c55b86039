#pragma once

/// What stands between a client and a server, and what only claims to be one.

#include "tests/support.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace infra::redis {

/// Relays between its own socket and a server's, on one loop, and does to the bytes what it is told.
class proxy {
public:
    using change = std::function<std::optional<std::string>(std::string)>; ///< nothing: cut the connection here

    proxy(executor ex, std::string to);
    ~proxy();
    proxy(const proxy&) = delete;
    proxy& operator=(const proxy&) = delete;

    options to() const { return {.socket_path = path_}; }

    change on_request; ///< bytes on their way to the server
    change on_reply;   ///< bytes on their way back
    /// Whether these bytes on their way back, and all behind them on their connection, are held until let_go().
    std::function<bool(const std::string&)> holds_reply;
    bool refusing = false; ///< new connections are closed at once

    std::size_t held() const noexcept; ///< connections
    void let_go();                     ///< holds nothing any more

    void cut();                   ///< all connections, now
    void lead_to(std::string to); ///< whoever comes from now on
    std::size_t accepted() const noexcept;

private:
    struct state;
    temporary_folder folder_;
    std::string path_;
    std::shared_ptr<state> state_;
};

/// Says `words` to whoever connects, once something has come and then is silent or hangs up.
class impostor {
public:
    impostor(executor ex, std::string words, bool hang_up = false);
    ~impostor();
    options to() const { return {.socket_path = folder_.path() + "/s"}; }

private:
    struct state;
    temporary_folder folder_;
    std::shared_ptr<state> state_;
};

/// A server or a sentinel on TCP that answers what the test says: to what came on its n-th connection. Nothing: it hangs
/// up.
class actor {
public:
    using part = std::function<std::optional<std::string>(std::size_t connection, const std::string& heard)>;

    actor(executor ex, part plays);
    ~actor();
    std::uint16_t port() const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

/// What a server answers to HELLO 3.
inline const std::string hello_answer = "%2\r\n+version\r\n+7.0.0\r\n+proto\r\n:3\r\n";

} // namespace infra::redis
