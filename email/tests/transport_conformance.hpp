#pragma once

/// What every transport must do, as one GoogleTest suite.
///
///     INSTANTIATE_TEST_SUITE_P(Outbox, TransportConformance, testing::Values(transport_case{
///         .name = "outbox",
///         .make = [] {
///             const auto folder = std::make_shared<temporary_folder>();
///             return transport_subject{.object = make_outbox_transport({.directory = folder->string()}),
///                                      .arrived = [folder] { return contents_of_all(*folder); },
///                                      .read = read_mime};
///         }}), transport_name);

#include "tests/support.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/id.hpp>
#include <infra/email/transport.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace infra::email {

/// What a recipient reads.
struct words {
    std::string subject{};
    std::string text{};                                             ///< lines end in \n
    std::vector<std::pair<std::string, std::string>> attachments{}; ///< name, bytes
};

/// One transport under test. The functions are called while `object` lives, and may not own it.
struct transport_subject {
    std::shared_ptr<transport> object;

    /// Each mail that arrived until now, whole, as whoever took it got it: the subject stands in it as it is when it is short
    /// and in ASCII. Empty: nobody can look.
    std::function<std::vector<std::string>()> arrived{};

    /// Reads one of those; empty: not checked.
    std::function<words(const std::string& one)> read{};

    /// The next mail is accepted, but its answer does not come. Empty: that cannot happen.
    std::function<void()> lose_next_answer{};

    /// Whatever must outlive the object: folders, servers.
    std::shared_ptr<void> surroundings{};
};

struct transport_case {
    std::string name;
    std::function<transport_subject()> make;

    /// One that cannot deliver: nobody listens, nothing can be written. Empty: that cannot happen.
    std::function<transport_subject()> make_broken{};

    bool ids_are_ours = true; ///< delivery::id is mail::id
    bool recipients_get_this =
        true; ///< what arrived is what recipients see; false: the sender's copy, an order to a provider
};

inline void PrintTo(const transport_case& each, std::ostream* to) { *to << each.name; }
inline std::string transport_name(const ::testing::TestParamInfo<transport_case>& info) { return info.param.name; }

class TransportConformance : public ::testing::TestWithParam<transport_case> {
protected:
    transport_subject subject = GetParam().make();
    const transport_traits can = subject.object->traits();

    /// With a subject that no other mail has, and that `arrived` finds.
    static mail make_mail(std::string key = {}) {
        return {.id = uuid_v7(),
                .date = from_unix_ms(1'790'000'000'000),
                .from = "Shop <shop@example.org>",
                .to = {"ann@example.org"},
                .subject = "conformance " + random_hex(8),
                .html = "<p>Hello</p>",
                .text = "Hello\n",
                .idempotency_key = std::move(key)};
    }
    static std::vector<mail> make_mails(std::size_t count) {
        std::vector<mail> all;
        while (all.size() < count)
            all.push_back(make_mail());
        return all;
    }
    static std::string new_key() { return "conformance-" + random_hex(16); }

    static awaitable<std::vector<delivery>> deliver_all(std::shared_ptr<transport> to, std::vector<mail> mails,
                                                        deadline limit = deadline::after(std::chrono::seconds(60))) {
        co_return co_await to->deliver(std::move(mails), limit);
    }
    std::vector<delivery> deliver(std::vector<mail> mails) {
        return run(deliver_all(subject.object, std::move(mails)));
    }
    delivery deliver(mail one) { return deliver(std::vector{std::move(one)}).at(0); }

    /// Expects that it is accepted; its id.
    message_id accepted(mail one) {
        const auto done = deliver(std::move(one));
        EXPECT_FALSE(done.failure) << done.failure->what();
        EXPECT_FALSE(done.id.empty());
        return done.id;
    }

    std::vector<std::string> arrivals_of(const mail& m) const {
        std::vector<std::string> found;
        for (auto& each : subject.arrived())
            if (each.find(m.subject) != std::string::npos)
                found.push_back(std::move(each));
        return found;
    }
    void expect_arrived_once(const mail& m) const {
        if (subject.arrived)
            EXPECT_EQ(arrivals_of(m).size(), 1u) << m.subject;
    }
    void expect_arrived_once(const std::vector<mail>& mails) const {
        if (!subject.arrived)
            return;
        std::string all;
        for (const auto& each : subject.arrived())
            all.append(each).append("\n");
        for (const auto& m : mails) {
            const auto first = all.find(m.subject);
            EXPECT_NE(first, std::string::npos) << m.subject << " did not arrive";
            EXPECT_EQ(all.find(m.subject, first + 1), std::string::npos) << m.subject << " arrived again";
        }
    }

    /// Begins to deliver on a loop that ends, with all that waits on it, after so many handlers; whether it came to that.
    bool leave_after(std::size_t handlers, const mail& m) const {
        asio::io_context loop{1};
        bool ended = false;
        asio::co_spawn(with_context(loop.get_executor()), deliver_all(subject.object, {m}),
                       [&](std::exception_ptr, auto) { ended = true; });
        for (std::size_t i = 0; i < handlers && !ended; ++i)
            loop.run_one();
        return !ended;
    }

    /// Delivers, but cancels before the loop's handler number `step`; whether it came to that.
    bool cancel_before(std::size_t step, const mail& m) const {
        asio::io_context loop{1};
        asio::cancellation_signal cancel;
        bool ended = false;
        asio::co_spawn(with_context(loop.get_executor()), deliver_all(subject.object, {m}),
                       asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr, auto) { ended = true; }));
        for (std::size_t i = 0; i < step && !ended; ++i)
            loop.run_one();
        const bool in_time = !ended;
        cancel.emit(asio::cancellation_type::terminal);
        loop.run();
        EXPECT_TRUE(ended);
        return in_time;
    }
};

TEST_P(TransportConformance, NamesItselfAndTakesAMailAtATimeAtLeast) {
    EXPECT_FALSE(subject.object->name().empty());
    EXPECT_GE(can.max_batch, 1u);
}

TEST_P(TransportConformance, DeliversAMailOnce) {
    const auto m = make_mail();
    const auto done = deliver(m);
    ASSERT_FALSE(done.failure) << done.failure->what();
    EXPECT_FALSE(done.id.empty());
    EXPECT_FALSE(done.duplicate);
    EXPECT_FALSE(done.stopped);
    if (GetParam().ids_are_ours)
        EXPECT_EQ(done.id, m.id);
    expect_arrived_once(m);
}

TEST_P(TransportConformance, AnswersForEachMailInOrder) {
    auto mails = make_mails(std::min<std::size_t>(can.max_batch, 5));
    for (auto& each : mails)
        each.idempotency_key = new_key();
    const auto done = deliver(mails);
    ASSERT_EQ(done.size(), mails.size());
    for (std::size_t i = 0; i < mails.size(); ++i) {
        ASSERT_FALSE(done[i].failure) << done[i].failure->what();
        if (GetParam().ids_are_ours)
            EXPECT_EQ(done[i].id, mails[i].id);
        if (can.keeps_keys)
            EXPECT_EQ(accepted(mails[i]), done[i].id);
    }
    expect_arrived_once(mails);
}

TEST_P(TransportConformance, AnswersAnEmptyBatchWithNothing) { EXPECT_TRUE(deliver(std::vector<mail>()).empty()); }

TEST_P(TransportConformance, DeliversAHundredMails) {
    const auto mails = make_mails(100);
    std::set<message_id> ids;
    for (std::size_t at = 0; at < mails.size();) {
        const auto end = std::min(at + can.max_batch, mails.size());
        for (const auto& done : deliver(
                 {mails.begin() + static_cast<std::ptrdiff_t>(at), mails.begin() + static_cast<std::ptrdiff_t>(end)})) {
            ASSERT_FALSE(done.failure) << done.failure->what();
            ids.insert(done.id);
        }
        at = end;
    }
    EXPECT_EQ(ids.size(), mails.size());
    expect_arrived_once(mails);
}

TEST_P(TransportConformance, SendsOneMailForAKey) {
    if (!can.keeps_keys)
        GTEST_SKIP() << "it keeps no keys";
    const auto m = make_mail(new_key());
    const auto first = accepted(m);
    auto again = m; // composed anew, by somebody who does not know of the first
    again.id = uuid_v7();
    EXPECT_EQ(accepted(again), first);
    EXPECT_EQ(accepted(m), first);
    expect_arrived_once(m);
    const auto other = make_mail(new_key());
    EXPECT_NE(accepted(other), first);
    expect_arrived_once(other);
}

TEST_P(TransportConformance, SendsOneMailForAKeyWithinABatch) {
    if (!can.keeps_keys || can.max_batch < 2)
        GTEST_SKIP() << "it keeps no keys, or takes one mail at a time";
    const auto m = make_mail(new_key());
    for (const auto& done : deliver({m, m})) // both at once may be refused, for a while
        EXPECT_TRUE(!done.failure || done.failure->retryable()) << done.failure->what();
    accepted(m);
    expect_arrived_once(m);
}

TEST_P(TransportConformance, SendsOneMailForAKeyToManyAtOnce) {
    if (!can.keeps_keys)
        GTEST_SKIP() << "it keeps no keys";
    const auto m = make_mail(new_key());
    std::vector<delivery> done(8);
    std::vector<std::thread> threads;
    for (auto& each : done)
        threads.emplace_back([&, to = &each] {
            auto mine = m;
            mine.id = uuid_v7();
            *to = deliver(std::move(mine));
        });
    for (auto& each : threads)
        each.join();
    const auto id = accepted(m);
    for (const auto& each : done) {
        EXPECT_TRUE(!each.failure || each.failure->retryable()) << each.failure->what();
        EXPECT_TRUE(each.failure || each.id == id);
    }
    expect_arrived_once(m);
}

TEST_P(TransportConformance, SendsOneMailThoughItIsHandedOverAgain) {
    if (!can.keeps_keys)
        GTEST_SKIP() << "it keeps no keys";
    const auto m = make_mail();
    const auto first = accepted(m);
    EXPECT_EQ(accepted(m), first);
    expect_arrived_once(m);
}

TEST_P(TransportConformance, SaysThatAMailWhoseAnswerWasLostMayBeOut) {
    if (!subject.lose_next_answer)
        GTEST_SKIP() << "its answers cannot be lost";
    const auto m = make_mail();
    subject.lose_next_answer();
    const auto done = deliver(m);
    ASSERT_TRUE(done.failure);
    EXPECT_TRUE(done.failure->uncertain()) << done.failure->what();
    if (can.keeps_keys)
        accepted(m);
    accepted(make_mail());
    expect_arrived_once(m);
}

TEST_P(TransportConformance, CarriesFifteenMegabytes) {
    auto m = make_mail();
    std::string bytes(15 * 1024 * 1024, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i * 31 + i / 251);
    m.attachments = {{.filename = "big.bin", .content = bytes, .content_type = "application/octet-stream"}};
    accepted(m);
    if (!subject.arrived)
        return;
    const auto all = arrivals_of(m);
    ASSERT_EQ(all.size(), 1u);
    if (subject.read)
        EXPECT_TRUE(subject.read(all[0]).attachments.at(0).second == bytes);
}

TEST_P(TransportConformance, CarriesEveryLanguage) {
    auto m = make_mail();
    const auto mark = m.subject;
    m.from = address::named("Büro „Süd“", "shop@example.org");
    m.to = {address::named("山田, 太郎", "taro@example.org"), address::named("Ólafur \"O\" <x>", "olafur@example.org")};
    m.cc = {address::named("محمد", "m@example.org")};
    m.text = "Grüße, 世界 🎉\n.\n..dots\nFrom here\n" + std::string(2000, 'x') + "\n" + mark + "\n";
    m.html = "<p>Grüße, 世界 🎉</p>";
    m.attachments = {{.filename = "übersicht 世界.txt", .content = "Inhalt ü\r\n", .content_type = "text/plain"},
                     {.filename = "logo.png",
                      .content = std::string("\x89PNG\0\r\n", 7),
                      .content_type = "image/png",
                      .content_id = "logo"}};
    m.subject = "Ihre Bestellung № 7 – 世界 🎉 " + std::string(100, 'w');
    accepted(m);
    if (!subject.arrived || !subject.read)
        return;
    const auto all = subject.arrived();
    ASSERT_EQ(all.size(), 1u);
    const auto read = subject.read(all[0]);
    EXPECT_EQ(read.subject, m.subject);
    EXPECT_EQ(read.text, m.text);
    ASSERT_EQ(read.attachments.size(), m.attachments.size());
    for (const auto& each : m.attachments)
        EXPECT_EQ(std::ranges::count(read.attachments, std::pair(each.filename, each.content)), 1) << each.filename;
}

TEST_P(TransportConformance, HidesBlindCopiesFromRecipients) {
    if (!subject.arrived || !GetParam().recipients_get_this)
        GTEST_SKIP() << "what arrives is not what recipients see";
    auto m = make_mail();
    m.bcc = {"hidden@example.net"};
    m.tags = {{"campaign", "secret-launch"}};
    accepted(m);
    for (const auto& each : arrivals_of(m)) {
        EXPECT_EQ(each.find("hidden@example.net"), std::string::npos);
        EXPECT_EQ(each.find("secret-launch"), std::string::npos);
    }
}

TEST_P(TransportConformance, TakesWhatItSaysItCan) {
    auto m = make_mail();
    if (can.schedules)
        m.scheduled_at = real_clock().wall() + std::chrono::hours(1);
    if (can.has_topics)
        m.topic_id = "b6d24b8e-af0b-4c3c-be0c-359bbd97381e";
    accepted(m);
    if (!can.hosts_templates)
        return;
    auto hosted = make_mail();
    hosted.html.clear();
    hosted.text.clear();
    hosted.hosted = {.id = "order-confirmation", .variables = {{"name", "Ann"}, {"count", 3}}};
    accepted(hosted);
}

TEST_P(TransportConformance, IsUsableAgainAfterACancellationAtAnyMoment) {
    std::vector<mail> begun;
    bool in_time = true;
    for (std::size_t step = 1; in_time && step < 200; ++step) {
        begun.push_back(make_mail());
        in_time = cancel_before(step, begun.back());
    }
    accepted(make_mail());
    for (const auto& each : begun) {
        if (can.keeps_keys)
            accepted(each);
        if (subject.arrived)
            EXPECT_LE(arrivals_of(each).size(), 1u);
    }
    if (can.keeps_keys)
        expect_arrived_once(begun);
}

// As at the end of a process that does not wait for its mail.
TEST_P(TransportConformance, IsUsableAgainAfterALoopHasEndedAtAnyMoment) {
    std::vector<mail> begun;
    bool in_time = true;
    for (std::size_t step = 0; in_time && step < 200; ++step) {
        begun.push_back(make_mail());
        in_time = leave_after(step, begun.back());
    }
    accepted(make_mail());
    if (!can.keeps_keys)
        return;
    for (const auto& each : begun)
        accepted(each);
    expect_arrived_once(begun);
}

TEST_P(TransportConformance, DeliversForManyThreads) {
    std::vector<std::vector<mail>> mails(8);
    std::vector<std::thread> threads;
    std::atomic<int> failed = 0;
    for (auto& mine : mails) {
        mine = make_mails(10);
        threads.emplace_back([&, all = &mine] {
            for (const auto& each : *all)
                failed += deliver(each).failure ? 1 : 0;
        });
    }
    for (auto& each : threads)
        each.join();
    EXPECT_EQ(failed, 0);
    for (const auto& each : mails)
        expect_arrived_once(each);
}

TEST_P(TransportConformance, MakesNothingOfADeadlineThatHasPassed) {
    const auto m = make_mail();
    const deadline passed(std::chrono::steady_clock::now() - std::chrono::seconds(1));
    try {
        EXPECT_EQ(run(deliver_all(subject.object, {m}, passed)).size(), 1u);
    } catch (const error& e) {
        EXPECT_FALSE(std::string(e.what()).empty());
    }
    if (subject.arrived)
        EXPECT_LE(arrivals_of(m).size(), 1u);
    accepted(make_mail());
}

TEST_P(TransportConformance, SaysThatItCannotDeliver) {
    if (!GetParam().make_broken)
        GTEST_SKIP() << "it always can";
    subject = GetParam().make_broken();
    for (int again = 0; again < 2; ++again) {
        try {
            const auto done = deliver({make_mail(), make_mail()});
            ASSERT_EQ(done.size(), 2u);
            for (const auto& each : done) {
                ASSERT_TRUE(each.failure);
                EXPECT_TRUE(each.failure->retryable()) << each.failure->what();
                EXPECT_FALSE(each.failure->uncertain()) << each.failure->what();
            }
        } catch (const error& e) {
            const send_error as(e.code(), e.what());
            EXPECT_TRUE(as.retryable()) << e.what();
        }
    }
}

TEST_P(TransportConformance, CanBeLetGoUnusedAndIdle) {
    GetParam().make();
    accepted(make_mail());
    subject.object.reset();
}

} // namespace infra::email
