#include "tests/transport_conformance.hpp"

#include "test_authority.hpp"
#include "tests/read_mime.hpp"
#include "tests/smtp/server.hpp"

#include <infra/email/smtp.hpp>
#include <infra/runtime/event_loop.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>

namespace infra::email {
namespace {

/// A server on one loop and a transport on another; the suite asks from threads of its own.
struct far_end {
    explicit far_end(bool pipelining)
        : server(loops[0].get_executor(), {.certificate = authority.issue(), .pipelining = pipelining},
                 [this](const std::string& step) {
                     return step == "accepted" && lose_next.exchange(false) ? smtp::trouble::drop() : smtp::trouble{};
                 }) {
        loops.start();
    }
    ~far_end() { loops.stop(); }

    std::vector<std::string> messages() {
        return asio::post(loops[0].get_executor(), asio::use_future([this] { return server.seen().messages; })).get();
    }

    event_loops loops{2};
    testing::test_authority authority;
    std::atomic<bool> lose_next{false};
    smtp::test_server server;
};

smtp_options options_for(far_end& there, std::uint16_t port) {
    return {.host = "127.0.0.1",
            .port = port,
            .ca_file = there.authority.ca_file(),
            .user = "shop",
            .password = "pw",
            .home = there.loops[1].get_executor()};
}

/// The transport ends before its loop, though the subject lets go of its surroundings first.
std::shared_ptr<transport> make_there(std::shared_ptr<far_end> there, std::uint16_t port) {
    auto made = make_smtp_transport(options_for(*there, port));
    auto* const raw = made.get();
    return {raw, [made = std::move(made), there = std::move(there)](transport*) mutable {
                made.reset();
                there.reset();
            }};
}

transport_subject make_subject(bool pipelining) {
    const auto there = std::make_shared<far_end>(pipelining);
    auto* const raw = there.get();
    return {.object = make_there(there, there->server.port()),
            .arrived = [raw] { return raw->messages(); },
            .read = read_mime,
            .lose_next_answer = [raw] { raw->lose_next = true; },
            .surroundings = there};
}

transport_subject make_broken() {
    const auto there = std::make_shared<far_end>(false);
    std::uint16_t nobody = 0;
    {
        const asio::ip::tcp::acceptor gone(there->loops[0].get_executor(), {asio::ip::address_v4::loopback(), 0});
        nobody = gone.local_endpoint().port();
    }
    return {.object = make_there(there, nobody), .surroundings = there};
}

INSTANTIATE_TEST_SUITE_P(Smtp, TransportConformance,
                         ::testing::Values(transport_case{.name = "smtp",
                                                          .make = [] { return make_subject(false); },
                                                          .make_broken = make_broken},
                                           transport_case{.name = "smtp_pipelining",
                                                          .make = [] { return make_subject(true); }}),
                         transport_name);

} // namespace
} // namespace infra::email
