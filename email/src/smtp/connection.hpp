#pragma once

/// One connection to the server. libcurl makes it: name, TCP, greeting, STARTTLS, TLS, log-in. Then it is ours (CURLOPT_CONNECT_ONLY),
/// since libcurl would wait for the answer to a mail with the whole loop.

#include "outcome.hpp"
#include "reply.hpp"

#include "curl_loop/loop.hpp"

#include <infra/email/smtp.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace infra::email::smtp {

/// The connection has ended.
struct lost : std::runtime_error {
    lost() : std::runtime_error("lost") {}
};

/// Threads:  the executor given.
/// Errors:   open() throws send_error; the others lost and malformed.
/// Cancel:   at any moment; then it is only good for closing.
class connection final : public curl::loop {
public:
    /// A multi handle of its own: a shared one closes what it takes for idle, and a connection handed out looks idle to it.
    connection(executor ex, std::shared_ptr<const smtp_options> options);
    ~connection() override;

    awaitable<void> open(subject of);

    /// Commands. Throws malformed if there are answers to none.
    awaitable<void> write(std::string commands);
    awaitable<reply> read();

    /// True once the kernel has all of it; false if the server spoke before, which read() gives.
    awaitable<bool> write_content(std::shared_ptr<const std::string> bytes);

    /// Throws malformed if there are answers to nothing.
    void expect_silence();

    /// Whether it still stands and the server has said nothing that nobody asked for.
    bool is_quiet() noexcept;

    /// Says goodbye, without waiting for an answer. Again: nothing.
    void close() noexcept;

    const capabilities& offers() const noexcept { return offers_; }

    /// What the last mail has left behind.
    enum class condition : std::uint8_t {
        clean,
        dirty, ///< a mail that was begun, and must be taken back before the next
        broken,
    };
    condition left = condition::broken;

private:
    void prepare();
    void prepare_network();
    void prepare_login();
    void begin();
    void take_over();
    void receive();
    bool send_some(std::string_view& rest);
    bool heard_something();

    void ended(CURL* handle, CURLcode code) noexcept override;
    void broke(std::exception_ptr why) override;
    bool note_line(std::string_view line) noexcept;
    static std::size_t on_line(char* data, std::size_t, std::size_t size, void* self) noexcept;

    const std::shared_ptr<const smtp_options> options_;
    char detail_[CURL_ERROR_SIZE] = {}; // outlives easy_, which writes here
    curl::easy easy_;
    asio::steady_timer over_;
    std::optional<CURLcode> code_; // of the attempt to connect
    asio::posix::stream_descriptor socket_;

    std::string in_; // not yet read
    reply last_;     // while connecting
    bool malformed_ = false;
    capabilities offers_;
};

} // namespace infra::email::smtp
