#include "conversation.hpp"

#include "parser.hpp"

#include <infra/base/error.hpp>
#include <infra/redis/errc.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <string>
#include <string_view>

namespace infra::redis::detail {
namespace {

// Takes what is whole off `piece`.
void hear(parser& ears, std::string_view piece, std::vector<reply>& heard, std::size_t wanted) {
    auto end = parser::status::hungry;
    while ((end = ears.feed(piece)) == parser::status::message)
        heard.push_back(ears.take());
    if (end != parser::status::hungry)
        throw error(errc::protocol, "it does not speak Redis' protocol: " + ears.why() + "; check host and port");
    if (heard.size() > wanted)
        throw error(errc::protocol, "it says more than it was asked for; check host and port");
}

// With too many clients the server says so, once, and hangs up.
void rethrow_as_refusal(const boost::system::system_error& end, const std::vector<reply>& heard) {
    if (end.code() == asio::error::eof && !heard.empty() && heard.back().is_error())
        throw error(errc::refused, "it refused us: " + std::string(heard.back().error_message()));
    throw;
}

} // namespace

awaitable<std::vector<reply>> converse(transport& with, std::vector<command> words, std::size_t max_bytes) {
    parser ears({.max_bytes = max_bytes, .max_depth = 8});
    std::string bytes;
    for (const auto& each : words)
        each.encode_to(bytes);
    std::vector<reply> heard;
    std::array<char, 4096> buffer;
    try {
        co_await with.write(bytes);
        while (heard.size() < words.size()) {
            const auto size = co_await with.read_some(asio::buffer(buffer));
            hear(ears, {buffer.data(), size}, heard, words.size());
        }
    } catch (const error&) {
        throw;
    } catch (const boost::system::system_error& e) {
        rethrow_as_refusal(e, heard);
    }
    co_return heard;
}

} // namespace infra::redis::detail
