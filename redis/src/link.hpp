#pragma once

// One connection, from its greeting to its end.

#include "connector.hpp"
#include "multiplexer.hpp"
#include "parser.hpp"

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <array>
#include <memory>
#include <string>

namespace infra::redis::detail {

/// Who is told what comes. Only while the link lives and has not been closed; each may close it.
class link_user {
public:
    virtual void on_message(reply&& r) = 0;
    virtual void on_read(std::size_t bytes) = 0;    ///< before its messages
    virtual void on_pause() = 0;                    ///< after them: all that has come was given
    virtual void on_written(std::size_t bytes) = 0; ///< of what write() left to do; perhaps none
    virtual void on_end(boost::system::error_code why, std::string sentence) = 0;

protected:
    ~link_user() = default;
};

class link final : public transport_events {
public:
    link(opened made, parser_limits limits, link_user& user);

    void start() { read(); }

    /// How many bytes were taken; 0: on_written() follows, and the same bytes are to be given again but for those it
    /// names.
    std::size_t write(std::string_view bytes);
    bool writing() const noexcept { return writing_; }

    /// Nobody is told anything any more.
    void close() noexcept;

    /// True: what write() was given and has not been reported may have left.
    bool may_have_written() const noexcept { return writing_ && !through_->knows_what_left(); }
    const server_facts& facts() const noexcept { return facts_; }
    const address& at() const noexcept { return at_; }

    void on_read(boost::system::error_code ec, std::size_t size) override;
    void on_written(boost::system::error_code ec, std::size_t size) override;

private:
    void read();
    void give(std::size_t size);
    void end(boost::system::error_code why, std::string sentence);

    std::unique_ptr<transport> through_;
    server_facts facts_;
    const address at_;
    parser parser_;
    link_user* user_; // null once closed
    bool writing_ = false;
    std::array<char, 64 * 1024> buffer_;
};

using link_ptr = boost::intrusive_ptr<link>;

} // namespace infra::redis::detail
