#include "link.hpp"

#include "attempt.hpp"

#include <infra/redis/errc.hpp>

#include <boost/asio/error.hpp>

#include <utility>

namespace infra::redis::detail {
namespace {

constexpr const char* no_memory = "no memory"; // so short that it needs none

} // namespace

link::link(opened made, parser_limits limits, link_user& user)
    : through_(std::move(made.through)),
      facts_(std::move(made.facts)),
      at_(std::move(made.at)),
      parser_(limits),
      user_(&user) {}

void link::read() { through_->read_some(asio::buffer(buffer_), events_ptr(this)); }

std::size_t link::write(std::string_view bytes) {
    const auto taken = through_->write_some(bytes, events_ptr(this));
    writing_ = taken == 0;
    return taken;
}

void link::close() noexcept {
    user_ = nullptr;
    through_->close();
}

void link::end(boost::system::error_code why, std::string sentence) {
    auto* const user = std::exchange(user_, nullptr);
    through_->close();
    if (user)
        user->on_end(why, std::move(sentence));
}

void link::on_read(boost::system::error_code ec, std::size_t size) {
    if (!user_)
        return;
    if (ec)
        return end(errc::lost, ec == asio::error::eof ? "the server closed the connection" : ec.message());
    const link_ptr keep(this);
    if (!attempt([&] { give(size); }) && user_)
        end(errc::too_large, no_memory);
    if (!user_)
        return;
    const struct read_on { // whatever leaves the loop through those who go on
        link& of;
        ~read_on() {
            if (of.user_ && !attempt([this] { of.read(); }))
                of.end(errc::lost, no_memory);
        }
    } in_the_end{*this};
    user_->on_pause();
}

void link::give(std::size_t size) {
    user_->on_read(size);
    std::string_view bytes(buffer_.data(), size);
    auto status = parser::status::hungry;
    while (user_ && (status = parser_.feed(bytes)) == parser::status::message)
        user_->on_message(parser_.take());
    if (!user_)
        return;
    if (status == parser::status::malformed)
        end(errc::protocol, "the server does not speak Redis' protocol: " + parser_.why());
    else if (status == parser::status::too_large)
        end(errc::too_large, parser_.why() + " (options::max_reply_bytes)");
}

void link::on_written(boost::system::error_code ec, std::size_t size) {
    if (!user_)
        return;
    if (ec)
        return end(errc::lost, ec.message());
    const link_ptr keep(this);
    writing_ = false;
    if (!attempt([&] { user_->on_written(size); }) && user_)
        end(errc::lost, no_memory);
}

} // namespace infra::redis::detail
