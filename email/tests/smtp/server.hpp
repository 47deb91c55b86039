#pragma once

/// A server that speaks SMTP as it should, until a test's script has it drop, fall silent or say something else at some step.

#include <infra/base/awaitable.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::email::smtp {

struct server_options {
    std::string certificate{}; ///< empty: no TLS
    bool implicit_tls = false;
    bool pipelining = false;
    std::string extensions = "AUTH PLAIN LOGIN XOAUTH2"; ///< offered beside; lines, where TLS is offered after it
    bool tiny_window = false;                            ///< takes next to nothing that it does not read
};

/// What happens instead of the answer.
struct trouble {
    enum class kind : std::uint8_t { none, drop, silence, say };
    kind what = kind::none;
    std::string text{}; ///< to say; with its CRLF
    bool then_drop = false;

    static trouble drop() { return {.what = kind::drop}; }
    static trouble silence() { return {.what = kind::silence}; }
    static trouble say(std::string text, bool then_drop = false) {
        return {.what = kind::say, .text = std::move(text), .then_drop = then_drop};
    }
};

/// Threads: the executor given.
class test_server {
public:
    /// Asked at each step: "greeting", "EHLO", "STARTTLS", "handshake", "AUTH", "RSET", "MAIL", "RCPT 1", "DATA", "body" (some of it has come),
    /// "end" (all of it), "accepted" (and it is among the messages), "QUIT".
    using script = std::function<trouble(const std::string& step)>;

    test_server(executor ex, server_options options, script play = {});
    ~test_server();
    test_server(const test_server&) = delete;
    test_server& operator=(const test_server&) = delete;

    std::uint16_t port() const;

    struct log {
        int accepted = 0;                    ///< connections
        int open = 0;                        ///< of them
        int silent = 0;                      ///< steps at which it fell silent
        std::vector<std::string> commands{}; ///< as they came; "(TLS)" where it began
        std::vector<std::string> messages{}; ///< of mails accepted, dots taken off
        std::string wire{};                  ///< of the last message, as it came
    };
    const log& seen() const;
    bool heard(std::string_view beginning) const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace infra::email::smtp
