#include "wire.hpp"

#include "digest.hpp"
#include "letters.hpp"
#include "pattern.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/http_message.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace infra::storage::stub {
namespace {

constexpr std::size_t max_head = 64 << 10;

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t"), end = text.find_last_not_of(" \t");
    return begin == std::string_view::npos ? "" : text.substr(begin, end - begin + 1);
}

fields parse_query(std::string_view text) {
    fields out;
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        const auto decoded = [](std::string_view part) {
            return encoding::form_decode(part).value_or(std::string(part));
        };
        if (!pair.empty())
            out.emplace_back(decoded(pair.substr(0, equals)), decoded(pair.substr(std::min(equals + 1, pair.size()))));
    }
    return out;
}

message parse_head(std::string_view head) {
    message m;
    const auto line = head.substr(0, head.find("\r\n"));
    m.method = line.substr(0, line.find(' '));
    m.target = line.substr(m.method.size() + 1, line.rfind(' ') - m.method.size() - 1);
    m.path = m.target.substr(0, m.target.find('?'));
    if (m.path.size() < m.target.size())
        m.query = parse_query(std::string_view(m.target).substr(m.path.size() + 1));
    for (auto rest = head.substr(line.size() + 2); !rest.empty();) {
        const auto field = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(field.size() + 2, rest.size()));
        const auto colon = field.find(':');
        if (colon != std::string_view::npos)
            m.headers.emplace_back(lower(field.substr(0, colon)), trimmed(field.substr(colon + 1)));
    }
    return m;
}

std::uint64_t hex_number(std::string_view text) {
    std::uint64_t n = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n, 16);
    if (ec != std::errc() || end == text.data())
        throw refusal(400, "IncompleteBody", "A chunk does not begin with its size");
    return n;
}

std::string head_of(const answer& a) {
    auto text = "HTTP/1.1 " + std::to_string(a.status) + " " + std::string(http::reason_phrase(a.status)) + "\r\n";
    for (const auto& [name, value] : a.headers)
        text += name + ": " + value + "\r\n";
    if (a.status != 204 && a.status != 304 && a.tells_length)
        text += "content-length: " + std::to_string(a.length) + "\r\n";
    return text + "\r\n";
}

} // namespace

// --- Reading ----------------------------------------------------------------------------------------------------------

awaitable<bool> wire::fill(std::size_t at_least) {
    while (buffer_.size() < at_least) {
        const auto had = buffer_.size();
        buffer_.resize(had + (64 << 10));
        boost::system::error_code ec;
        const auto got = co_await socket_.async_read_some(asio::buffer(buffer_.data() + had, 64 << 10),
                                                          asio::redirect_error(asio::use_awaitable, ec));
        buffer_.resize(had + got);
        if (ec)
            co_return false;
    }
    co_return true;
}

awaitable<std::optional<message>> wire::read_head() {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
        if (buffer_.size() > max_head || !co_await fill(buffer_.size() + 1))
            co_return std::nullopt;
    auto m = parse_head(std::string_view(buffer_).substr(0, end + 2));
    buffer_.erase(0, end + 4);
    co_return m;
}

awaitable<bool> wire::read_body(message& into, body_plan plan) {
    const auto coding = into.header("x-amz-content-sha256").value_or("");
    const bool aws_chunked = coding.starts_with("STREAMING-");
    const bool keep = plan.keep || aws_chunked || into.method == "POST";
    if (lower(into.header("transfer-encoding").value_or("")) == "chunked") {
        into.body.bytes = shared_bytes(co_await read_chunked());
    } else {
        const auto said = into.header("content-length").value_or("0");
        std::uint64_t size = 0;
        std::from_chars(said.data(), said.data() + said.size(), size);
        if (!co_await read_sized(size, into, {keep, plan.sum, plan.stop_at}))
            co_return false;
    }
    if (keep)
        into.body.size = into.body.bytes.size();
    if (keep && coding.size() == 64)
        into.raw_hash = encoding::hex_encode(sha256(into.body.bytes.view()));
    if (aws_chunked) {
        into.body.bytes = shared_bytes(decode_aws_chunked(into.body.bytes.view(), into.trailers));
        into.body.size = into.body.bytes.size();
        into.body.pattern = !plan.keep;
    }
    co_return true;
}

awaitable<bool> wire::read_sized(std::uint64_t size, message& into, body_plan plan) {
    const auto wanted = std::min(size, plan.stop_at);
    std::string bytes;
    running_checksum sum;
    if (plan.keep)
        bytes.resize(wanted);
    else
        block_.resize(std::min<std::uint64_t>(wanted, 256 << 10));
    for (std::uint64_t at = 0; at < wanted;) {
        auto* const to = plan.keep ? bytes.data() + at : block_.data();
        const auto room = plan.keep ? wanted - at : std::min<std::uint64_t>(wanted - at, block_.size());
        std::size_t got = std::min<std::uint64_t>(buffer_.size(), room);
        std::copy_n(buffer_.data(), got, to);
        buffer_.erase(0, got);
        if (got == 0)
            got = co_await socket_.async_read_some(asio::buffer(to, room), asio::use_awaitable);
        if (plan.sum && !plan.keep)
            sum.update({to, got});
        at += got;
    }
    into.body = {size, shared_bytes(std::move(bytes)), !plan.keep};
    if (plan.sum && !plan.keep)
        into.body_sum = sum.value();
    co_return wanted == size;
}

awaitable<std::string> wire::take(std::size_t size) {
    if (!co_await fill(size))
        throw boost::system::system_error(asio::error::eof);
    auto taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    co_return taken;
}

awaitable<std::string> wire::take_line() {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n")) == std::string::npos)
        if (buffer_.size() > max_head || !co_await fill(buffer_.size() + 1))
            throw boost::system::system_error(asio::error::eof);
    auto line = co_await take(end + 2);
    line.resize(end);
    co_return line;
}

awaitable<std::string> wire::read_chunked() {
    std::string bytes;
    while (const auto size = hex_number(co_await take_line())) {
        bytes += co_await take(size);
        co_await take_line();
    }
    while (!(co_await take_line()).empty()) {
    }
    co_return bytes;
}

std::string decode_aws_chunked(std::string_view raw, fields& trailers) {
    std::string bytes;
    const auto line = [&raw] {
        const auto end = raw.find("\r\n");
        if (end == std::string_view::npos)
            throw refusal(400, "IncompleteBody", "The body ends within a chunk");
        const auto text = raw.substr(0, end);
        raw.remove_prefix(end + 2);
        return text;
    };
    while (const auto size = hex_number(line())) {
        bytes += raw.substr(0, size);
        raw.remove_prefix(std::min<std::size_t>(size, raw.size()));
        line();
    }
    while (!raw.empty()) {
        const auto field = line();
        if (const auto colon = field.find(':'); colon != std::string_view::npos)
            trailers.emplace_back(lower(field.substr(0, colon)), trimmed(field.substr(colon + 1)));
    }
    return bytes;
}

// --- Writing ----------------------------------------------------------------------------------------------------------

awaitable<void> wire::proceed() { return write_all("HTTP/1.1 100 Continue\r\n\r\n", ""); }

// Not async_write, which writes 64 KiB at a time.
awaitable<void> wire::write_all(std::string_view first, std::string_view then) {
    while (!first.empty() || !then.empty()) {
        const std::array buffers{asio::buffer(first), asio::buffer(then)};
        const auto done = co_await socket_.async_write_some(buffers, asio::use_awaitable);
        const auto of_first = std::min(done, first.size());
        first.remove_prefix(of_first);
        then.remove_prefix(done - of_first);
    }
}

awaitable<void> wire::trickle(std::string_view bytes, std::chrono::milliseconds wait) {
    asio::steady_timer timer(socket_.get_executor());
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 1 << 10))) {
        co_await write_all(bytes.substr(0, 1 << 10), "");
        timer.expires_after(wait);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

awaitable<void> wire::write(answer a, bool with_body, write_plan plan) {
    const auto head = head_of(a);
    if (!with_body || a.length == 0) {
        co_await write_all(head, "");
        co_return;
    }
    const auto end = std::min(a.length, plan.cut_at);
    std::string changed;
    std::string_view pending = head;
    for (std::uint64_t at = 0; at < end;) {
        auto piece =
            a.body.pattern ? pattern_at(a.offset + at, end - at) : a.body.bytes.view().substr(a.offset + at, end - at);
        if (plan.flip && *plan.flip >= at && *plan.flip < at + piece.size()) {
            changed = piece;
            changed[*plan.flip - at] = static_cast<char>(changed[*plan.flip - at] ^ 1);
            piece = changed;
        }
        co_await write_all(pending, plan.trickle ? "" : piece);
        if (plan.trickle)
            co_await trickle(piece, *plan.trickle);
        pending = "";
        at += piece.size();
    }
    co_await write_all(pending, "");
}

// --- The end ----------------------------------------------------------------------------------------------------------

awaitable<void> wire::until_closed() {
    while (co_await fill(buffer_.size() + 1))
        buffer_.clear();
}

void wire::close() {
    boost::system::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
}

void wire::reset() {
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

} // namespace infra::storage::stub
