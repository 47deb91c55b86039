#pragma once

// One client, from accept to close.
//
//     idle --byte--> head --blank line--> body --end--> (answer) --> idle            a plain handler answers at once
//                                                 \--> handling --response--> idle   a coroutine, or a body that is awaited
//     head --blank line--> handling                                                  a handler that takes the body as it comes
//     head, body --bad or slow--> closing --sent--> lingering --> closed
//     handling --upgrade--> upgraded --handler's end--> closed
//
// One request at a time is worked on. Pipelined ones wait in the read buffer, their answers go out together. Nothing is
// read while an answer waits to be written: that is the back pressure.

#include "exchange.hpp"
#include "request_parser.hpp"
#include "serialize.hpp"
#include "transport.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/intrusive/list.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>

namespace infra::http::detail {

class lane;
class server_state;
struct file_answer;

using list_hook = boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class connection final : public transport_events, public list_hook, public body_sink, public body_input {
public:
    connection(std::shared_ptr<lane> on, std::shared_ptr<server_state> server, std::unique_ptr<transport> through,
               const asio::ip::tcp::endpoint& peer);

    /// `refused`: one too many, to be answered 503 and closed.
    void start(bool refused);

    void on_ready(boost::system::error_code ec) override;
    void on_read(boost::system::error_code ec, std::size_t size) override;
    void on_written(boost::system::error_code ec, std::size_t size) override;

    void check_deadlines(steady_time now);
    void drain();
    void cut() noexcept { close(); }

private:
    enum class phase { idle, head, body, handling, closing, lingering, upgraded, closed };

    using self_ptr = boost::intrusive_ptr<connection>;

    // Reading and parsing.
    void get_going();
    void pump();
    void work();
    bool may_parse() const noexcept;
    bool parse();
    void note_progress();
    void read_on();

    // A body that its handler takes while it comes.
    bool begin_body();
    std::optional<std::uint64_t> announced() const override;
    void set_limit(std::uint64_t bytes) override { body_limit_ = bytes; }
    awaitable<std::string> read() override;
    std::string take_body();
    void ask_for_body();
    awaitable<void> more_body();
    void leave_body();

    // Answering.
    void dispatch(bool keep_alive);
    void begin_exchange(bool keep_alive);
    void answer_at_once(const route_match& found, headers conditions);
    void respond(response made);
    void send_head(response& made, framing body, std::uint64_t length);
    void end_exchange();
    void refuse(int status);

    // What takes longer. Coroutines keep the connection alive by their first parameter.
    void spawn(awaitable<void> work);
    static awaitable<void> perform(self_ptr self, request r, headers conditions);
    static awaitable<void> deliver(self_ptr self, response made, headers conditions);
    static awaitable<void> send_file(self_ptr self, response made, headers conditions);
    static awaitable<void> send_pieces(self_ptr self, std::shared_ptr<const file_answer> from, blocking_pool& pool);
    static awaitable<void> send_stream(self_ptr self, response made);
    static awaitable<void> hand_over(self_ptr self, request r);
    static awaitable<upgrade> leave_http(self_ptr self, request r);
    void on_work_done(std::exception_ptr failure);
    awaitable<void> write(std::string piece) override;
    awaitable<void> flushed_to(std::size_t most);

    // Writing and ending.
    bool flush();
    std::size_t backlog() const noexcept { return out_.size() + sending_.size() - sent_; }
    void go_on_or_end();
    void linger();
    void close() noexcept;
    void set_phase(phase next, std::chrono::nanoseconds patience);
    bool is_closed() const noexcept { return phase_ == phase::closed; }
    bool is_reading() const noexcept { return phase_ <= phase::body; }
    self_ptr self() noexcept { return self_ptr(this); }

    std::shared_ptr<lane> lane_;
    std::shared_ptr<server_state> server_;
    std::unique_ptr<transport> transport_; // null once upgraded
    asio::ip::address peer_;
    std::string peer_text_;

    phase phase_ = phase::idle;
    steady_time now_{};                               // as of the last event
    steady_time deadline_ = steady_time::max();       // of the phase
    steady_time write_deadline_ = steady_time::max(); // of the write under way

    boost::beast::flat_buffer in_;
    std::string out_;     // answers not yet handed to the transport
    std::string sending_; // being written, from sent_ on
    std::size_t sent_ = 0;

    request request_;
    std::optional<request_parser> parser_; // while a request is being read
    exchange exchange_;
    framing framing_ = framing::length;
    std::uint64_t body_bytes_ = 0;
    std::uint64_t promised_ = 0;   // of a streamed answer's bytes
    std::uint64_t body_limit_ = 0; // of a request whose body is taken while it comes
    asio::cancellation_signal cancel_work_;
    std::optional<asio::steady_timer> flushed_; // made by the first that has to wait; cancelled to wake it
    std::optional<asio::steady_timer> arrived_; // the same, for more of a body

    bool pumping_ = false;
    bool reading_ = false;
    bool writing_ = false;
    bool starved_ = true;      // there is nothing in in_ that could be parsed without more
    bool refused_ = false;     // one connection too many
    bool last_answer_ = false; // nothing is answered after what is in out_
    bool awaits_body_ = false; // the handler does
    bool said_continue_ = false;
    bool mid_body_ = false;     // the head has been sent, the body not all
    bool unread_input_ = false; // the client may still be sending: closing at once could destroy the answer on its way
};

constexpr auto for_ever = std::chrono::nanoseconds::max();

using connection_ptr = boost::intrusive_ptr<connection>;
using connection_list = boost::intrusive::list<connection, boost::intrusive::constant_time_size<false>>;

} // namespace infra::http::detail
