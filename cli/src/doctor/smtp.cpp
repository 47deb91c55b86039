#include "smtp.hpp"

#include "../../../base/src/keep_openssl.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>
#include <infra/base/with_deadline.hpp>
#include <infra/email/failover.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <memory>

namespace infra::cli::doctor {
namespace {

namespace ssl = asio::ssl;
using asio::ip::tcp;

constexpr std::size_t longest_reply = 64 * 1024;
constexpr int ready = 220, done = 250, logged_in = 235, more = 334;

/// Over a socket or TLS; owns what is under way.
template <class Stream>
struct conversation {
    Stream& stream;
    std::string received{};
    std::string said{};

    awaitable<smtp_reply> listen() {
        smtp_reply reply;
        for (bool last = false; !last;) {
            const auto length = co_await asio::async_read_until(stream, asio::dynamic_buffer(received, longest_reply),
                                                                '\n', asio::use_awaitable);
            last = add_line(reply, received.substr(0, length)) || reply.lines.size() > 100;
            received.erase(0, length);
        }
        if (reply.code == 0)
            throw error(errc::unavailable, "speaks no SMTP");
        co_return reply;
    }

    awaitable<smtp_reply> say(std::string line) {
        said = std::move(line) + "\r\n";
        co_await asio::async_write(stream, asio::buffer(said), asio::use_awaitable);
        co_return co_await listen();
    }
};

std::string words_of(const smtp_reply& reply) {
    return std::to_string(reply.code) + (reply.lines.empty() ? "" : " " + reply.lines.front());
}

std::string name_of_this(const email::smtp_options& o) {
    boost::system::error_code ec;
    auto name = o.hello.empty() ? asio::ip::host_name(ec) : o.hello;
    return ec || name.empty() ? "localhost" : name;
}

std::uint16_t port_of(const email::smtp_options& o) {
    return o.port != 0 ? o.port : o.tls == email::smtp_tls::implicit ? 465 : 587;
}

std::string bare(const std::string& host) { return host.starts_with('[') ? host.substr(1, host.size() - 2) : host; }

// The system's resolver cannot be called off, so a thread waits for it.
awaitable<std::vector<tcp::endpoint>> addresses_of(std::string host, std::uint16_t port) {
    auto resolve = [host = std::move(host), port] {
        asio::io_context unused;
        std::vector<tcp::endpoint> all;
        for (const auto& each : tcp::resolver(unused).resolve(host, std::to_string(port)))
            all.push_back(each.endpoint());
        return all;
    };
    co_return co_await patient_threads().run(std::move(resolve));
}

// The best of what it offers, as the transport would choose; empty: nothing that fits.
std::string way_to_log_in(const email::smtp_options& o, const std::set<std::string>& offers) {
    const auto has = [&offers](const char* name) { return offers.contains(std::string("AUTH ") + name); };
    if (!o.token.empty())
        return has("XOAUTH2") ? "XOAUTH2" : has("OAUTHBEARER") ? "OAUTHBEARER" : "";
    return has("PLAIN") ? "PLAIN" : has("LOGIN") ? "LOGIN" : "";
}

template <class Stream>
awaitable<smtp_reply> log_in(conversation<Stream>& with, const email::smtp_options& o, const std::string& way) {
    using encoding::base64_encode;
    const std::string nul(1, '\0'), mark(1, '\1');
    if (way == "PLAIN")
        co_return co_await with.say("AUTH PLAIN " + base64_encode(nul + o.user + nul + o.password));
    if (way == "LOGIN") {
        auto reply = co_await with.say("AUTH LOGIN");
        if (reply.code == more)
            reply = co_await with.say(base64_encode(o.user));
        if (reply.code == more)
            reply = co_await with.say(base64_encode(o.password));
        co_return reply;
    }
    const auto bearer = mark + "auth=Bearer " + o.token + mark + mark;
    auto reply =
        co_await with.say("AUTH " + way + " " +
                          base64_encode(way == "XOAUTH2" ? "user=" + o.user + bearer : "n,a=" + o.user + "," + bearer));
    if (reply.code == more) // what is wrong, which is to be acknowledged
        reply = co_await with.say("");
    co_return reply;
}

// Some say again what they were told, and that is what nobody else may read.
std::string refusal_in(const smtp_reply& reply, std::string_view said, const email::smtp_options& o) {
    const auto words = words_of(reply);
    const auto last_word = said.substr(said.find_last_of(' ') + 1);
    for (const auto secret :
         {last_word.substr(0, last_word.find('\r')), std::string_view(o.password), std::string_view(o.token)})
        if (!secret.empty() && words.find(secret) != std::string::npos)
            return std::to_string(reply.code) + ", and repeats the password";
    return words;
}

/// From EHLO on, once what is said is as safe as it gets.
template <class Stream>
awaitable<void> introduce(conversation<Stream>& with, const email::smtp_options& o, bool login, smtp_facts& facts) {
    const auto ehlo = co_await with.say("EHLO " + name_of_this(o));
    if (ehlo.code != done) {
        facts.refused = words_of(ehlo);
        co_return;
    }
    const auto way = way_to_log_in(o, capabilities_of(ehlo));
    facts.offers_login = !way.empty();
    if (!facts.wants_login || !facts.offers_login || !login)
        co_return;
    const auto reply = co_await log_in(with, o, way);
    facts.login_refused = reply.code == logged_in ? "" : refusal_in(reply, with.said, o);
}

struct secured {
    secured(tcp::socket socket, const email::smtp_options& o)
        : context(ssl::context::tls_client), stream(std::move(socket), context) {
        boost::system::error_code ec;
        if (o.ca_file.empty())
            context.set_default_verify_paths(ec);
        else
            context.load_verify_file(o.ca_file, ec);
        if (ec)
            throw error(errc::misconfigured, "the certificates in " + (o.ca_file.empty() ? "the system" : o.ca_file) +
                                                 " cannot be read: " + ec.message());
        const auto host = bare(o.host);
        asio::ip::make_address(host, ec);
        if (ec) // RFC 6066: an address is no server name
            SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
        stream.set_verify_mode(ssl::verify_peer);
        stream.set_verify_callback(ssl::host_name_verification(host));
    }
    ssl::context context;
    ssl::stream<tcp::socket> stream;
};

awaitable<bool> shake_hands(secured& with, smtp_facts& facts) {
    boost::system::error_code ec;
    co_await with.stream.async_handshake(ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, ec));
    if (ec == asio::error::operation_aborted)
        throw boost::system::system_error(ec);
    const auto verdict = SSL_get_verify_result(with.stream.native_handle());
    if (ec)
        facts.tls_problem = verdict != X509_V_OK ? std::string("its certificate is not trusted: ") +
                                                       X509_verify_cert_error_string(verdict)
                                                 : "TLS fails: " + ec.message();
    co_return !ec;
}

template <class Stream>
awaitable<bool> greeted(conversation<Stream>& with, smtp_facts& facts) {
    const auto greeting = co_await with.listen();
    if (greeting.code != ready)
        facts.refused = words_of(greeting);
    co_return greeting.code == ready;
}

// What is said before STARTTLS is not believed after it.
awaitable<bool> start_tls(conversation<tcp::socket>& with, const email::smtp_options& o, smtp_facts& facts) {
    const auto ehlo = co_await with.say("EHLO " + name_of_this(o));
    facts.offers_starttls = capabilities_of(ehlo).contains("STARTTLS");
    if (!facts.offers_starttls)
        co_return false;
    const auto reply = co_await with.say("STARTTLS");
    if (reply.code != ready)
        facts.tls_problem = "refuses STARTTLS: " + words_of(reply);
    co_return reply.code == ready;
}

awaitable<void> talk(email::smtp_options o, bool login, std::shared_ptr<smtp_facts> facts) {
    tcp::socket socket(co_await asio::this_coro::executor);
    co_await asio::async_connect(socket, co_await addresses_of(bare(o.host), port_of(o)), asio::use_awaitable);
    conversation<tcp::socket> clear{socket};
    const bool implicit = o.tls == email::smtp_tls::implicit;
    if (!implicit && !co_await greeted(clear, *facts))
        co_return;
    if (o.tls == email::smtp_tls::none) {
        co_await introduce(clear, o, login, *facts);
        co_return;
    }
    if (!implicit && !co_await start_tls(clear, o, *facts))
        co_return;
    secured safe(std::move(socket), o);
    if (!co_await shake_hands(safe, *facts))
        co_return;
    conversation<ssl::stream<tcp::socket>> with{safe.stream};
    if (implicit && !co_await greeted(with, *facts))
        co_return;
    co_await introduce(with, o, login, *facts);
}

std::vector<email::smtp_options> servers_of(const environment& variables) {
    std::vector<email::smtp_options> all;
    const auto urls = variables.get_or("EMAIL_URL", "");
    for (const auto url : email::urls_of(urls))
        if (url.starts_with("smtp:") || url.starts_with("smtps:"))
            try {
                all.push_back(email::smtp_options_from(url, variables));
            } catch (const error&) { // told by the check of settings
            }
    return all;
}

awaitable<findings> look_at_server(email::smtp_options o, bool login, std::chrono::milliseconds patience) {
    const auto facts = std::make_shared<smtp_facts>();
    facts->about = o.host + ":" + std::to_string(port_of(o));
    facts->tls = o.tls;
    facts->wants_login = !o.user.empty();
    try {
        co_await with_deadline(talk(o, login, facts), deadline::after(patience));
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted)
            throw;
        facts->problem = e.code() == errc::timed_out
                             ? "did not answer within " + std::to_string(patience.count()) + " ms"
                         : e.code() == errc::unavailable || e.code() == errc::misconfigured
                             ? std::string(e.what())
                             : "cannot be reached: " + e.code().message();
    }
    co_return judge_smtp(*facts);
}

} // namespace

std::string no_smtp(const situation& at) { return servers_of(at.variables).empty() ? "mail does not go by SMTP" : ""; }

awaitable<findings> look_at_smtp(situation at) {
    infra::detail::keep_openssl();
    const auto servers = servers_of(at.variables);
    const auto patience = at.patience * 9 / 10 / static_cast<int>(servers.size());
    findings all;
    for (const auto& each : servers) {
        auto found = co_await look_at_server(each, at.login, patience);
        std::ranges::move(found, std::back_inserter(all));
    }
    co_return all;
}

} // namespace infra::cli::doctor
