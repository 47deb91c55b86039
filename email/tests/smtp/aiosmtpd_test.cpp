// Somebody else's server, Debian's python3-aiosmtpd, takes our mails under TLS from a user who has logged in; Python's `email` reads them.

#include "test_authority.hpp"
#include "tests/smtp/support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>
#include <infra/email/mailer.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <thread>

namespace infra::email::smtp {
namespace {

using namespace std::chrono_literals;

constexpr const char* python = "/usr/bin/python3"; // Debian's own, which sees Debian's packages

constexpr std::string_view script = R"(
import asyncio, email, email.policy, json, os, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

folder, certificate = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate)
connections = 0
mails = []

def parts(mail):
    return [[p.get_content_type(), p.get_filename() or '', p.get_payload(decode=True).hex()]
            for p in mail.walk() if not p.is_multipart()]

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('nobody'):
            return '550 5.1.1 <' + address + '>: no such user'
        envelope.rcpt_tos.append(address)
        return '250 2.1.5 ok'

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.content
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        mails.append({'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'tls': session.ssl is not None or session.host_name == 'implicit',
                      'user': session.auth_data.login.decode() if session.auth_data else '',
                      'headers': {n: str(v) for n, v in mail.items()}, 'parts': parts(mail), 'raw': raw.hex(),
                      'defects': [str(d) for p in mail.walk() for d in p.defects]})
        return '250 2.0.0 taken'

def check(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b'shop' and data.password == b'p:w \xc3\xa9'
    return AuthResult(success=good, handled=good, auth_data=data)

def session(**options):
    global connections
    connections += 1
    return SMTP(Handler(), hostname='test', authenticator=check, auth_required=True, data_size_limit=4_000_000, **options)

async def main():
    loop = asyncio.get_running_loop()
    starttls = await loop.create_server(lambda: session(tls_context=context, require_starttls=True), '127.0.0.1', 0)
    implicit = await loop.create_server(lambda: session(auth_require_tls=False), '127.0.0.1', 0, ssl=context)
    ports = [s.sockets[0].getsockname()[1] for s in (starttls, implicit)]
    with open(folder + '/ports.new', 'w') as file:
        file.write('%d %d' % tuple(ports))
    os.rename(folder + '/ports.new', folder + '/ports')
    await loop.run_in_executor(None, sys.stdin.read)
    with open(folder + '/seen.json', 'w') as file:
        json.dump({'connections': connections, 'mails': mails}, file)

asyncio.run(main())
)";

struct taken_mail {
    std::string from{};
    std::vector<std::string> to{};
    bool tls = false;
    std::string user{};
    std::map<std::string, std::string> headers{};
    std::vector<std::vector<std::string>> parts{}; ///< type, file name, content in hex
    std::string raw{};
    std::vector<std::string> defects{};
};
BOOST_DESCRIBE_STRUCT(taken_mail, (), (from, to, tls, user, headers, parts, raw, defects))

struct seen {
    int connections = 0;
    std::vector<taken_mail> mails{};
};
BOOST_DESCRIBE_STRUCT(seen, (), (connections, mails))

/// aiosmtpd, until told to say what it has seen.
class server {
public:
    explicit server(const std::string& certificate) {
        folder_.write("server.py", script);
        const auto command = std::string(python) + " '" + (folder_ / "server.py").string() + "' '" + folder_.string() +
                             "' '" + certificate + "'";
        process_ = ::popen(command.c_str(), "w"); // it ends with its input
        const auto give_up = std::chrono::steady_clock::now() + 30s;
        while (!std::filesystem::exists(folder_ / "ports") && std::chrono::steady_clock::now() < give_up)
            std::this_thread::sleep_for(2ms);
        std::istringstream(contents_of(folder_ / "ports")) >> starttls >> implicit;
    }
    ~server() {
        if (process_)
            ::pclose(process_);
    }
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    seen end() {
        EXPECT_EQ(::pclose(std::exchange(process_, nullptr)), 0);
        const auto text = contents_of(folder_ / "seen.json");
        return json::parse<seen>(text, {.max_bytes = text.size() + 1, .max_depth = 32}).value();
    }

    std::uint16_t starttls = 0;
    std::uint16_t implicit = 0;

private:
    temporary_folder folder_;
    std::FILE* process_ = nullptr;
};

struct Aiosmtpd : ::testing::Test {
    void SetUp() override {
        if (std::system("/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null") != 0)
            GTEST_SKIP() << "aiosmtpd is not installed (Debian package python3-aiosmtpd)";
        them.emplace(authority.issue());
    }

    smtp_options options(bool implicit = false) {
        return {.host = "127.0.0.1",
                .port = implicit ? them->implicit : them->starttls,
                .tls = implicit ? smtp_tls::implicit : smtp_tls::starttls,
                .ca_file = authority.ca_file(),
                .user = "shop",
                .password = "p:w \u00e9",
                .home = loop.get_executor()};
    }
    std::vector<delivery> send(const std::shared_ptr<transport>& to, std::vector<mail> all) {
        return loop.get(deliver_all(to, std::move(all), deadline::after(30s)));
    }

    testing::test_loop loop;
    testing::test_authority authority;
    std::optional<server> them;
};

std::string hex(std::string_view s) { return encoding::hex_encode(s); }

const std::string bytes = [] {
    std::string all;
    for (int i = 0; i < 100'000; ++i)
        all += static_cast<char>(i * 7);
    return all;
}();

mail rich() {
    return make_mail(
        {.to = {"Ann L\u00e9e <ann@example.org>"},
         .cc = {"cy@example.org"},
         .bcc = {"secret@example.org"},
         .reply_to = {"help@x.org"},
         .subject = "Gr\u00fc\u00dfe \u2603",
         .html = "<p>.dot</p>\r\n.\r\n",
         .text = ".\r\n..\r\n.a \u00e9\r\n.",
         .attachments = {{.filename = "b\u00fcro.bin", .content = bytes, .content_type = "application/octet-stream"}},
         .headers = {{"X-Order", "7"}}});
}

TEST_F(Aiosmtpd, ReadsWhatWasWrittenOverEitherKindOfTls) {
    for (const bool implicit : {false, true}) {
        const auto done = send(make_smtp_transport(options(implicit)), {rich()});
        ASSERT_EQ(verdict(done.at(0)), "sent") << done.at(0).failure->what();
    }
    const auto got = them->end();
    ASSERT_EQ(got.mails.size(), 2U);
    EXPECT_EQ(got.connections, 2);
    for (const auto& each : got.mails) {
        EXPECT_EQ(each.from, "shop@x.org");
        EXPECT_EQ(each.to, (std::vector<std::string>{"ann@example.org", "cy@example.org", "secret@example.org"}));
        EXPECT_EQ(each.user, "shop");
        EXPECT_EQ(each.defects, std::vector<std::string>{});
        EXPECT_EQ(each.headers.at("Subject"), "Gr\u00fc\u00dfe \u2603");
        EXPECT_EQ(each.headers.at("To"), "Ann L\u00e9e <ann@example.org>");
        EXPECT_EQ(each.headers.at("Cc"), "cy@example.org");
        EXPECT_EQ(each.headers.at("Reply-To"), "help@x.org");
        EXPECT_EQ(each.headers.at("X-Order"), "7");
        EXPECT_EQ(each.headers.at("Message-ID"), "<0190-smtp@x.org>");
        EXPECT_FALSE(each.headers.contains("Bcc"));
        EXPECT_EQ(each.raw.find(hex("secret")), std::string::npos);
        ASSERT_EQ(each.parts.size(), 3U);
        EXPECT_EQ(each.parts[0], (std::vector<std::string>{"text/plain", "", hex(rich().text)}));
        EXPECT_EQ(each.parts[1], (std::vector<std::string>{"text/html", "", hex(rich().html)}));
        EXPECT_EQ(each.parts[2], (std::vector<std::string>{"application/octet-stream", "b\u00fcro.bin", hex(bytes)}));
    }
}

TEST_F(Aiosmtpd, TakesABatchOverFourConnections) {
    const auto to = make_smtp_transport(options(true));
    std::vector<mail> all(40, make_mail());
    all[11].to = {"nobody@example.org"};
    const auto done = send(to, all);
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(verdict(done[i]), i == 11 ? "refused 5.1.1 550" : "sent");
    EXPECT_STREQ(done[11].failure->what(),
                 "smtp: 127.0.0.1: does not take recipient 1 of to, so nobody got it (550 5.1.1 *** no such user)");
    const auto got = them->end();
    EXPECT_EQ(got.mails.size(), 39U);
    EXPECT_EQ(got.connections, 4);
}

TEST_F(Aiosmtpd, SaysWhatIsWrong) {
    auto o = options();
    o.password = "wrong";
    EXPECT_EQ(verdict(send(make_smtp_transport(o), {make_mail()}).at(0)), "unauthorized 5.7.8 535");
    o = options();
    o.user = o.password = "";
    EXPECT_EQ(verdict(send(make_smtp_transport(o), {make_mail()}).at(0)), "unauthorized 5.7.0 530");
    const auto heavy = make_mail({.attachments = {{.filename = "a.bin", .content = std::string(4'000'000, 'x')}}});
    EXPECT_EQ(verdict(send(make_smtp_transport(options()), {heavy}).at(0)), "too_large too_large 0");
    EXPECT_EQ(them->end().mails.size(), 0U);
}

TEST_F(Aiosmtpd, IsReachedByUrl) {
    const auto url =
        "smtp://shop:p%3Aw%20%C3%A9@127.0.0.1:" + std::to_string(them->starttls) + "?ca_file=" + authority.ca_file();
    const mailer post({.url = url, .from = "Shop <shop@x.org>"});
    EXPECT_FALSE(loop.get(post.send({.to = "ann@example.org", .subject = "Hi", .body = "**Hello**"})).empty());
    EXPECT_EQ(them->end().mails.at(0).headers.at("Subject"), "Hi");
}

} // namespace
} // namespace infra::email::smtp
