#include "tests/transport_conformance.hpp"

#include "tests/read_mime.hpp"

#include <infra/email/failover.hpp>
#include <infra/email/log.hpp>
#include <infra/email/memory.hpp>
#include <infra/email/mime.hpp>
#include <infra/email/outbox.hpp>
#include <infra/testing/captured_mail.hpp>

namespace infra::email {
namespace {

template <class Kept>
std::vector<std::string> texts_of(const Kept& kept) {
    std::vector<std::string> all;
    for (const auto& each : kept.sent())
        all.push_back(each.hosted ? each.subject : to_mime(each));
    return all;
}

transport_subject outbox() {
    const auto folder = std::make_shared<temporary_folder>();
    return {.object = make_outbox_transport({.directory = folder->string()}),
            .arrived =
                [folder] {
                    std::vector<std::string> all;
                    for (const auto& name : mails_in(folder->string()))
                        all.push_back(contents_of(*folder / name));
                    return all;
                },
            .read = read_mime,
            .surroundings = folder};
}

transport_subject outbox_in_a_file() {
    const auto folder = std::make_shared<temporary_folder>();
    folder->write("file", "not a directory");
    return {.object = make_outbox_transport({.directory = (*folder / "file/outbox").string()}), .surroundings = folder};
}

template <class Kept>
transport_subject keeping() {
    const auto kept = std::make_shared<Kept>();
    return {.object = kept, .arrived = [k = kept.get()] { return texts_of(*k); }};
}

transport_subject logging() { return {.object = make_log_transport()}; }

/// Nobody is there.
class wall final : public transport {
public:
    std::string_view name() const noexcept override { return "wall"; }
    transport_traits traits() const noexcept override { return memory_transport().traits(); }
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline) override {
        co_return std::vector<delivery>(mails.size(),
                                        {.failure = send_error(infra::errc::unavailable, "nobody is there")});
    }
};

/// Takes mail, and loses an answer when told.
class lossy final : public memory_transport {
public:
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) override {
        auto done = co_await memory_transport::deliver(std::move(mails), limit);
        if (lose_next.exchange(false))
            done.at(0).failure = send_error(infra::errc::unavailable, "the answer was lost",
                                            {.name = "lost", .retryable = true, .uncertain = true});
        co_return done;
    }

    std::atomic<bool> lose_next = false;
};

transport_subject second_of_three() {
    const auto taker = std::make_shared<lossy>();
    const auto other = std::make_shared<memory_transport>(); // what comes here may be out twice
    return {.object = make_failover_transport({.transports = {std::make_shared<wall>(), taker, other}}),
            .arrived =
                [taker, other] {
                    auto all = texts_of(*taker);
                    for (auto& each : texts_of(*other))
                        all.push_back(std::move(each));
                    return all;
                },
            .lose_next_answer = [taker] { taker->lose_next = true; }};
}

transport_subject two_walls() {
    return {.object = make_failover_transport({.transports = {std::make_shared<wall>(), std::make_shared<wall>()}})};
}

INSTANTIATE_TEST_SUITE_P(
    Transports, TransportConformance,
    ::testing::Values(
        transport_case{.name = "outbox", .make = outbox, .make_broken = outbox_in_a_file, .recipients_get_this = false},
        transport_case{.name = "memory", .make = keeping<memory_transport>},
        transport_case{.name = "captured", .make = keeping<testing::captured_mail>},
        transport_case{.name = "log", .make = logging},
        transport_case{.name = "failover", .make = second_of_three, .make_broken = two_walls}),
    transport_name);

} // namespace
} // namespace infra::email
