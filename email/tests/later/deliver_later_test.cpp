#include <infra/email/deliver_later.hpp>

#include "tests/support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/email.hpp>
#include <infra/queue.hpp>
#include <infra/testing/captured_mail.hpp>
#include <infra/testing/inline_queue.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::chrono_literals;
using queue::job_state;

/// Captures mail, but knows no keys and nothing else that is special.
class plain_mail final : public transport {
public:
    std::string_view name() const noexcept override { return "plain"; }
    transport_traits traits() const noexcept override { return {}; }
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) override {
        return kept.deliver(std::move(mails), limit);
    }
    testing::captured_mail kept;
};

class DeliverLater : public ::testing::Test {
protected:
    temporary_folder folder;
    std::shared_ptr<testing::captured_mail> sent = std::make_shared<testing::captured_mail>();
    testing::inline_queue work{{.jobs = std::make_shared<queue::registry>()}};

    mailer make_mailer(std::shared_ptr<transport> to) {
        return mailer({.transport = std::move(to),
                       .from = "Shop <shop@example.org>",
                       .templates = folder.string(),
                       .attempts = 1,
                       .time = &work.time()});
    }
    later make(later_options options = {}) { return {work.jobs(), make_mailer(sent), std::move(options)}; }

    queue::job_info job(const queue::job_id& id) { return run(work.jobs().find_job(id)).value(); }
    std::string key_of_only() const { return sent->sent().at(0).idempotency_key; }

    static send_error failing(boost::system::error_code code, bool retryable, bool uncertain = false,
                              std::chrono::milliseconds retry_after = {}) {
        return {code,
                "it failed",
                {.name = "word", .retryable = retryable, .uncertain = uncertain, .retry_after = retry_after}};
    }
};

// --- The call ---------------------------------------------------------------------------------------------------

TEST_F(DeliverLater, StoresTheMailAndAWorkerSendsIt) {
    folder.write("welcome.md", "---\nsubject: Hi {{name}}\n---\nDear **{{name}}**");
    const auto mail = make();
    const auto id = run(mail.deliver({.to = "ann@example.org",
                                      .template_name = "welcome",
                                      .data = {{"name", "Ann"}},
                                      .attachments = {{.filename = "a.bin", .content = std::string("\0\xff\n", 3)}}}));
    EXPECT_TRUE(sent->sent().empty());
    EXPECT_TRUE(work.run_due().all_completed());
    const auto m = sent->one_to("ann@example.org");
    EXPECT_EQ(m.subject, "Hi Ann");
    EXPECT_EQ(m.text, "Dear Ann\n");
    EXPECT_EQ(m.attachments.at(0).content, std::string("\0\xff\n", 3));
    EXPECT_EQ(job(id).result, "\"" + m.id + "\"");
}

TEST_F(DeliverLater, WaitsUntilTheTimeThatWasAsked) {
    const auto mail = make();
    const auto now = work.time().wall();
    const auto delayed = run(mail.deliver({.to = "a@example.org", .body = "B"}, {.delay = 1h}));
    const auto scheduled = run(mail.deliver({.to = "b@example.org", .body = "B", .scheduled_at = now + 2h}));
    const auto past = run(mail.deliver({.to = "c@example.org", .body = "B", .scheduled_at = now - 2h}));
    EXPECT_EQ(job(delayed).run_at, now + 1h);
    EXPECT_EQ(job(scheduled).run_at, now + 2h);
    EXPECT_EQ(job(past).state, job_state::waiting);
    EXPECT_TRUE(work.run_all().all_completed());
    EXPECT_EQ(sent->one_to("b@example.org").scheduled_at, std::nullopt) << "the job waited, not the transport";
}

TEST_F(DeliverLater, RefusesAtTheCallWhatCanNeverBeSent) {
    const auto mail = make();
    const std::pair<message, errc> table[] = {
        {{.to = "nobody", .body = "B"}, errc::bad_address},
        {{.to = "a@x.org", .subject = "a\nb", .body = "B"}, errc::bad_header},
        {{.to = "a@x.org", .body = "B", .headers = {{"Subject", "x"}}}, errc::bad_header},
        {{.to = "a@x.org", .body = "B", .tags = {{"a b", "c"}}}, errc::bad_header},
        {{.from = "nobody", .to = "a@x.org", .body = "B"}, errc::bad_address},
        {{.to = "a@x.org", .content = rendered_email{.subject = "a\nb", .text = "t"}}, errc::bad_header},
        {{.to = "a@x.org", .body = "B", .attachments = {{.filename = "a\nb", .content = "x"}}}, errc::bad_header},
        {{.to = "a@x.org", .body = "B", .attachments = {{.content_type = "png", .file = "a.png"}}}, errc::bad_header},
    };
    for (const auto& [m, code] : table)
        EXPECT_EQ(failure_of([&] { run(mail.deliver(m)); }).code, code);
    EXPECT_THROW(run(mail.deliver({.body = "B"})), std::invalid_argument);
    EXPECT_THROW(run(mail.deliver({.to = "a@x.org"})), std::invalid_argument);
    EXPECT_THROW(run(mail.deliver({.to = "a@x.org", .body = "B", .template_name = "t"})), std::invalid_argument);
    EXPECT_TRUE(work.enqueued().empty());
}

TEST_F(DeliverLater, RefusesAtTheCallWhatTheTransportCannotDo) {
    const later mail(work.jobs(), make_mailer(std::make_shared<plain_mail>()));
    EXPECT_EQ(failure_of([&] { run(mail.deliver({.to = "a@x.org", .hosted = hosted_template{.id = "t"}})); }).code,
              errc::unsupported);
    EXPECT_EQ(failure_of([&] { run(mail.deliver({.to = "a@x.org", .body = "B", .topic_id = "t"})); }).code,
              errc::unsupported);
    run(mail.deliver({.to = "a@x.org", .body = "B", .scheduled_at = work.time().wall() + 1h})); // the job does it
    EXPECT_EQ(work.enqueued().size(), 1u);
}

TEST_F(DeliverLater, SaysWhatToDoWithWhatIsTooLargeForAJob) {
    const auto mail = make();
    const auto limit = work.jobs().options().max_payload_bytes;
    const message big[] = {
        {.to = "a@x.org", .body = "B", .attachments = {{.filename = "a", .content = std::string(limit + 1, 'x')}}},
        {.to = "a@x.org", .body = "B", .attachments = {{.filename = "a", .content = std::string(limit - 1, 'x')}}},
        {.to = "a@x.org", .body = std::string(limit + 1, 'x')},
    };
    for (const auto& each : big) {
        const auto [code, sentence] = failure_of([&] { run(mail.deliver(each)); });
        EXPECT_EQ(code, errc::too_large);
        EXPECT_NE(sentence.find("email::attachment::file or stored"), std::string::npos) << sentence;
    }
}

TEST_F(DeliverLater, ReadsAFileWhenItIsSent) {
    const auto mail = make();
    const auto path = (folder / "report.txt").string();
    run(mail.deliver({.to = "a@x.org", .body = "B", .attachments = {{.file = path}}}));
    folder.write("report.txt", "written later");
    const auto runs = work.run_due();
    ASSERT_TRUE(runs.all_completed()) << runs;
    EXPECT_EQ(sent->sent().at(0).attachments.at(0).content, "written later");
}

TEST_F(DeliverLater, RefusesTwoTimesAndABackoffOfItsOwn) {
    const auto mail = make();
    const message m{.to = "a@x.org", .body = "B", .scheduled_at = work.time().wall() + 1h};
    EXPECT_THROW(run(mail.deliver(m, {.delay = 1s})), std::invalid_argument);
    EXPECT_THROW(run(mail.deliver(m, {.run_at = work.time().wall()})), std::invalid_argument);
    EXPECT_THROW(run(mail.deliver({.to = "a@x.org", .body = "B"}, {.backoff = fixed(1s)})), std::invalid_argument);
}

TEST_F(DeliverLater, RefusesBadOptions) {
    EXPECT_THROW(make({.attempts = 0}), std::invalid_argument);
    EXPECT_THROW(make({.pause = {.delay = -1ms}}), std::invalid_argument);
    const auto one = make();
    EXPECT_THROW(make(), std::invalid_argument) << "the name is taken";
    make({.job = "another"});
}

// --- The run ----------------------------------------------------------------------------------------------------

TEST_F(DeliverLater, KeepsOneKeyOverAllAttempts) {
    sent->fail_next(failing(infra::errc::unavailable, true));
    const auto mail = make();
    run(mail.deliver({.to = "a@x.org", .body = "B"}));
    const auto before = json::parse(work.enqueued().at(0).data).value().at("idempotency_key");
    const auto runs = work.run_all();
    EXPECT_EQ(runs.retried(), 1u) << runs;
    EXPECT_EQ(runs.completed(), 1u) << runs;
    EXPECT_EQ(key_of_only(), before.as_string());
    run(mail.deliver({.to = "a@x.org", .body = "B"}));
    EXPECT_TRUE(work.run_due().all_completed());
    EXPECT_EQ(sent->sent().size(), 2u) << "another job has another key";
}

TEST_F(DeliverLater, LeavesAMessageItsKey) {
    const auto mail = make();
    for (int i = 0; i < 2; ++i)
        run(mail.deliver({.to = "a@x.org", .body = "B", .idempotency_key = "order-7"}));
    EXPECT_TRUE(work.run_due().all_completed());
    EXPECT_EQ(sent->sent().size(), 1u);
    EXPECT_EQ(key_of_only(), "order-7");
}

TEST_F(DeliverLater, MakesAKeyOfTheJobForWhatAnotherProgramStored) {
    const auto mail = make();
    const auto id = run(work.jobs().enqueue(
        "deliver-email", {{"version", 1}, {"to", json::array{{{"email", "a@x.org"}}}}, {"body", "B"}}));
    EXPECT_TRUE(work.run_due().all_completed());
    EXPECT_EQ(key_of_only(), "job:deliver-email/" + id);
}

TEST_F(DeliverLater, RunsAgainNoSoonerThanTheProviderAsks) {
    sent->fail_next(failing(infra::errc::overloaded, true, false, 2h));
    const auto mail = make();
    const auto began = work.time().wall();
    const auto id = run(mail.deliver({.to = "a@x.org", .body = "B"}));
    work.run_due();
    EXPECT_EQ(job(id).run_at, began + 2h);
    EXPECT_TRUE(work.run_for(2h).all_completed());
    EXPECT_EQ(sent->sent().size(), 1u);
}

TEST_F(DeliverLater, GivesUpAtOnceWhatIsRefused) {
    sent->fail_next(failing(errc::refused, false));
    const auto mail = make();
    const auto id = run(mail.deliver({.to = "a@x.org", .body = "B"}));
    EXPECT_EQ(work.run_all().failed(), 1u);
    EXPECT_EQ(job(id).attempts_made, 1);
    EXPECT_NE(job(id).failed_reason.find("it failed"), std::string::npos);
}

TEST_F(DeliverLater, GivesUpAtOnceATemplateThatIsNotThere) {
    const auto mail = make();
    const auto id = run(mail.deliver({.to = "a@x.org", .template_name = "none"}));
    EXPECT_EQ(work.run_all().failed(), 1u);
    EXPECT_EQ(job(id).attempts_made, 1);
    EXPECT_NE(job(id).failed_reason.find("none.md"), std::string::npos) << job(id).failed_reason;
}

TEST_F(DeliverLater, GivesUpAfterItsAttempts) {
    for (int i = 0; i < 3; ++i)
        sent->fail_next(failing(infra::errc::unavailable, true));
    const auto mail = make({.attempts = 3});
    const auto id = run(mail.deliver({.to = "a@x.org", .body = "B"}));
    const auto runs = work.run_all();
    EXPECT_EQ(runs.retried(), 2u) << runs;
    EXPECT_EQ(runs.failed(), 1u) << runs;
    EXPECT_EQ(job(id).state, job_state::failed);
}

TEST_F(DeliverLater, TriesAgainWhatMayBeOutWhereKeysAreKept) {
    sent->fail_next(failing(infra::errc::timed_out, true, true));
    const auto mail = make();
    run(mail.deliver({.to = "a@x.org", .body = "B"}));
    EXPECT_EQ(work.run_all().completed(), 1u);
    EXPECT_EQ(sent->sent().size(), 1u);
}

TEST_F(DeliverLater, DoesNotSendTwiceWhatMayBeOutWhereNoKeysAreKept) {
    const auto plain = std::make_shared<plain_mail>();
    plain->kept.fail_next(failing(infra::errc::timed_out, true, true));
    const later mail(work.jobs(), make_mailer(plain));
    const auto id = run(mail.deliver({.to = "a@x.org", .body = "B"}));
    EXPECT_EQ(work.run_all().failed(), 1u);
    EXPECT_EQ(job(id).attempts_made, 1);
    EXPECT_TRUE(job(id).failed_reason.starts_with("the mail may have been sent, and is not tried again: "))
        << job(id).failed_reason;
    EXPECT_TRUE(plain->kept.sent().empty());
}

TEST_F(DeliverLater, IsDoneWhenAnEarlierAttemptHadSentItInOtherWords) {
    sent->fail_next(failing(errc::key_reused, false));
    const auto mail = make();
    const auto id = run(mail.deliver({.to = "a@x.org", .body = "B"}));
    EXPECT_TRUE(work.run_all().all_completed());
    EXPECT_EQ(job(id).state, job_state::completed);
}

TEST_F(DeliverLater, FailsWhenSomebodyElseUsedTheKeyOfAMessage) {
    sent->fail_next(failing(errc::key_reused, false));
    const auto mail = make();
    run(mail.deliver({.to = "a@x.org", .body = "B", .idempotency_key = "order-7"}));
    EXPECT_EQ(work.run_all().failed(), 1u);
}

// Ids may begin anew, where another job has had that key.
TEST_F(DeliverLater, FailsWhenAJobOfTheSameIdUsedTheKeyOfWhatAnotherProgramStored) {
    sent->fail_next(failing(errc::key_reused, false));
    const auto mail = make();
    run(work.jobs().enqueue("deliver-email",
                            {{"version", 1}, {"to", json::array{{{"email", "a@x.org"}}}}, {"body", "B"}}));
    EXPECT_EQ(work.run_all().failed(), 1u);
}

TEST_F(DeliverLater, FailsAtOnceOnAPayloadThatIsNone) {
    const auto mail = make();
    EXPECT_EQ(failure_of([&] { run(work.jobs().enqueue("deliver-email", {{"version", 1}})); }).code,
              queue::errc::invalid_payload);
    const auto id = run(work.jobs().enqueue("deliver-email", {{"version", 1}, {"to", json::array()}, {"body", "B"}}));
    EXPECT_EQ(work.run_all().failed(), 1u);
    EXPECT_EQ(job(id).attempts_made, 1);
}

// --- The process's own ------------------------------------------------------------------------------------------

TEST(DeliverLaterByDefault, SendsThroughTheProcesssOwnQueueAndMailer) {
    const auto sent = std::make_shared<testing::captured_mail>();
    testing::inline_queue work;
    queue::set_default_queue(work.jobs());
    set_default_mailer(mailer({.transport = sent, .from = "shop@example.org"}));
    define_deliveries();
    define_deliveries();
    run(deliver_later({.to = "a@x.org", .body = "B"}));
    run(deliver_later({.to = "b@x.org", .body = "B"}, {.delay = 1h}));
    EXPECT_TRUE(work.run_due().all_completed());
    EXPECT_EQ(sent->sent().size(), 1u);
    queue::default_registry()->clear();
    run(deliver_later({.to = "c@x.org", .body = "B"}));
    EXPECT_TRUE(work.run_all().all_completed());
    EXPECT_EQ(sent->sent().size(), 3u);
    queue::default_registry()->clear();
}

} // namespace
} // namespace infra::email
