#include "tests/scripted_transport.hpp"

#include <infra/testing/captured_mail.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

const send_error down{infra::errc::unavailable, "no connection", {.retryable = true}};
const send_error refused{errc::refused, "not this", {.status = 422}};

struct Batch : ::testing::Test, scripted_mail {
    Batch() { take_at_most(3); }

    void take_at_most(std::size_t mails) {
        to = std::make_shared<scripted_transport>(time, transport_traits{.keeps_keys = true, .max_batch = mails});
        options.transport = to;
    }

    /// To 0@x.org, 1@x.org and so on.
    static std::vector<message> make_messages(int count) {
        std::vector<message> all;
        for (int i = 0; i < count; ++i)
            all.push_back(make_message(std::to_string(i) + "@x.org"));
        return all;
    }

    /// Who was written to in each call: "0 1 2".
    std::vector<std::string> calls() const {
        std::vector<std::string> all;
        for (const auto& [mails, limit, at] : to->calls) {
            auto& line = all.emplace_back();
            for (const auto& each : mails)
                line += (line.empty() ? "" : " ") + each.to[0].email().substr(0, each.to[0].email().find('@'));
        }
        return all;
    }

    /// A letter for each delivery: sent, failed, stopped, duplicate.
    static std::string outcomes(const std::vector<delivery>& all) {
        std::string line;
        for (const auto& each : all)
            line += each.failure ? 'f' : each.stopped ? '-' : each.duplicate ? 'd' : 's';
        return line;
    }
};

TEST_F(Batch, GoesOutInSlicesAsTheTransportTakesThem) {
    const auto done = send_batch(make_messages(7));
    EXPECT_EQ(calls(), (std::vector<std::string>{"0 1 2", "3 4 5", "6"}));
    EXPECT_EQ(outcomes(done), "sssssss");
    for (std::size_t i = 0; i < 7; ++i)
        EXPECT_EQ(done[i].id, to->calls[i / 3].mails[i % 3].id);
    EXPECT_TRUE(send_batch({}).empty());
}

TEST_F(Batch, TriesOnlyWhatFailedAgainInItsOrder) {
    take_at_most(100);
    to->fail({1, 2, 5}, down);
    to->fail({1}, refused);
    const auto done = send_batch(make_messages(6));
    EXPECT_EQ(calls(), (std::vector<std::string>{"0 1 2 3 4 5", "1 2 5"}));
    EXPECT_EQ(outcomes(done), "ssfsss");
    EXPECT_STREQ(done[2].failure->what(), "not this; tried 2 times");
    EXPECT_EQ(done[5].id, to->calls[0].mails[5].id);
}

TEST_F(Batch, WaitsForTheLongestPauseOfASlice) {
    to->script.emplace_back([](std::vector<mail> mails) -> awaitable<std::vector<delivery>> {
        auto all = scripted_transport::accepted(mails);
        all[0] = {.failure = down};
        all[1] = {.failure = send_error(infra::errc::overloaded, "later", {.retryable = true, .retry_after = 4s})};
        co_return all;
    });
    EXPECT_EQ(outcomes(send_batch(make_messages(3))), "sss");
    EXPECT_EQ(calls(), (std::vector<std::string>{"0 1 2", "0 1"}));
    EXPECT_EQ(to->calls[1].at - to->calls[0].at, 4s);
}

TEST_F(Batch, SendsTheOthersWhereOneCannotBeMade) {
    auto all = make_messages(5);
    all[1].to = "nobody";
    all[3].headers = {{"X", "a\nb"}};
    const auto done = send_batch(all);
    EXPECT_EQ(calls(), (std::vector<std::string>{"0 2", "4"}));
    EXPECT_EQ(outcomes(done), "sfsfs");
    EXPECT_EQ(done[1].failure->code(), errc::bad_address);
    EXPECT_EQ(done[3].failure->code(), errc::bad_header);
}

TEST_F(Batch, SendsAllOrNone) {
    auto all = make_messages(7);
    EXPECT_EQ(outcomes(send_batch(all, {.all_or_none = true})), "sssssss");
    EXPECT_EQ(calls(), (std::vector<std::string>{"0 1 2", "3 4 5", "6"}));
    to->calls.clear();
    all[5].to = "nobody";
    EXPECT_EQ(failure_of([&] { send_batch(all, {.all_or_none = true}); }).code, errc::bad_address);
    EXPECT_TRUE(to->calls.empty());
}

TEST_F(Batch, SendsNothingWhereOneMessageNoProgramShouldHaveBuilt) {
    auto all = make_messages(7);
    all[6].to = {};
    EXPECT_THROW(send_batch(all), std::invalid_argument);
    EXPECT_TRUE(to->calls.empty());
}

TEST_F(Batch, KeepsWhatItHasAtItsDeadline) {
    to->fail({}, down); // the first slice is accepted
    to->hang();
    to->hang();
    const auto done = send_batch(make_messages(8), {.limit = deadline::after(15s, time.steady())});
    EXPECT_EQ(outcomes(done), "sssfffff");
    EXPECT_TRUE(done[3].failure->uncertain());
    for (const auto i : {6u, 7u}) {
        EXPECT_EQ(done[i].failure->code(), infra::errc::timed_out);
        EXPECT_FALSE(done[i].failure->uncertain()) << "it was never handed over";
    }
    EXPECT_EQ(calls(), (std::vector<std::string>{"0 1 2", "3 4 5", "3 4 5"}));
}

TEST_F(Batch, ThrowsWhereItsDeadlineHasPassedBeforeItBegan) {
    EXPECT_EQ(failure_of([&] { send_batch(make_messages(2), {.limit = deadline(time.steady())}); }).code,
              infra::errc::timed_out);
    EXPECT_TRUE(to->calls.empty());
}

TEST_F(Batch, HasTheTimeOfOneMailForEachHundred) {
    take_at_most(100);
    options.timeout = 1s;
    options.attempts = 1;
    const auto began = time.steady();
    for (int i = 0; i < 3; ++i)
        to->hang();
    send_batch(make_messages(201));
    EXPECT_EQ(since(began), 3s);
}

TEST_F(Batch, RendersManyTemplatesInTheirOrder) {
    const temporary_folder folder;
    folder.write("w.md", "---\nsubject: Nr. {{n}}\n---\nHi {{n}}");
    const auto sent = std::make_shared<testing::captured_mail>();
    const mailer post({.transport = sent, .from = "shop@x.org", .templates = folder.string()});
    std::vector<message> all;
    for (int i = 0; i < 250; ++i)
        all.push_back({.to = "a@x.org", .template_name = i == 77 ? "none" : "w", .data = {{"n", i}}});
    const auto done = run(post.send_batch(std::move(all)));
    ASSERT_EQ(sent->sent().size(), 249u);
    EXPECT_EQ(done[77].failure->code(), errc::no_template);
    EXPECT_EQ(sent->sent()[76].subject, "Nr. 76");
    EXPECT_EQ(sent->sent()[77].text, "Hi 78\n");
    EXPECT_EQ(sent->sent()[248].subject, "Nr. 249");
}

// Whatever fails how often: what was accepted is never handed over again, and a delivery is what was last said of its mail.
TEST_F(Batch, LosesAndDoublesNothingWhateverFails) {
    std::mt19937 random(20261127);
    for (int round = 0; round < 200; ++round) {
        take_at_most(1 + random() % 5);
        std::map<std::string, bool> accepted; // by recipient, as last said
        std::map<std::string, int> tries;
        const auto step = [&](std::vector<mail> mails) -> awaitable<std::vector<delivery>> {
            auto all = scripted_transport::accepted(mails);
            for (std::size_t i = 0; i < mails.size(); ++i) {
                const auto who = mails[i].to[0].email();
                EXPECT_FALSE(accepted[who]) << "handed over again";
                ++tries[who];
                if (random() % 2)
                    all[i] = {.failure = random() % 3 ? down : refused};
                accepted[who] = !all[i].failure;
            }
            co_return all;
        };
        to->script.assign(100, step);
        const auto done = send_batch(make_messages(12));
        for (std::size_t i = 0; i < done.size(); ++i) {
            const auto who = std::to_string(i) + "@x.org";
            EXPECT_EQ(done[i].failure.has_value(), !accepted[who]);
            EXPECT_LE(tries[who], 4);
            if (done[i].failure && done[i].failure->code() == infra::errc::unavailable)
                EXPECT_EQ(tries[who], 4);
        }
    }
}

TEST_F(Batch, KeepsWhatItKnowsOfTheFirstSliceAtItsDeadline) {
    take_at_most(1);
    auto all = make_messages(2);
    all[0].to = "nobody";
    options.before = {[this](mail m) -> awaitable<std::optional<mail>> {
        co_await time.sleep_for(1h);
        co_return m;
    }};
    const auto done = send_batch(all);
    EXPECT_EQ(done.at(0).failure->code(), errc::bad_address);
    EXPECT_EQ(done.at(1).failure->code(), infra::errc::timed_out);
}

// In the pause between attempts: what the first has accepted is told as that.
TEST_F(Batch, TellsWhatIsKnownBeforeItIsCancelled) {
    std::vector<std::string> told;
    options.after = {[&](const mail& m, const delivery& d) {
        told.push_back(m.to[0].email() + (d.failure ? " " + d.failure->name() : ""));
    }};
    to->fail({1}, down);
    asio::io_context loop{1};
    asio::cancellation_signal cancel;
    bool ended = false;
    auto end = [&](std::exception_ptr, std::vector<delivery>) { ended = true; };
    asio::co_spawn(with_context(loop.get_executor()), mailer(options).send_batch(make_messages(2)),
                   asio::bind_cancellation_slot(cancel.slot(), end));
    loop.poll();
    EXPECT_EQ(told, std::vector<std::string>{"0@x.org"});
    cancel.emit(asio::cancellation_type::terminal);
    loop.restart();
    loop.poll();
    EXPECT_TRUE(ended);
    EXPECT_EQ(told, (std::vector<std::string>{"0@x.org", "1@x.org cancelled"}));
}

TEST_F(Batch, TellsTheHooksOfEachMailWhenItIsCancelled) {
    std::map<std::string, std::string> told;
    options.after = {[&](const mail& m, const delivery& d) {
        told[m.to[0].email()] += !d.failure ? "sent" : d.failure->uncertain() ? "uncertain" : "not";
    }};
    to->fail({}, down);
    to->hang();
    asio::io_context loop{1};
    asio::cancellation_signal cancel;
    std::exception_ptr thrown;
    auto end = [&](std::exception_ptr e, std::vector<delivery>) { thrown = e; };
    asio::co_spawn(with_context(loop.get_executor()), mailer(options).send_batch(make_messages(9)),
                   asio::bind_cancellation_slot(cancel.slot(), end));
    loop.poll();
    cancel.emit(asio::cancellation_type::terminal);
    loop.restart();
    loop.poll();
    EXPECT_EQ(code_of(thrown), asio::error::operation_aborted);
    EXPECT_EQ(told, (std::map<std::string, std::string>{{"0@x.org", "sent"},
                                                        {"1@x.org", "sent"},
                                                        {"2@x.org", "sent"},
                                                        {"3@x.org", "uncertain"},
                                                        {"4@x.org", "uncertain"},
                                                        {"5@x.org", "uncertain"}}));
}

} // namespace
} // namespace infra::email
