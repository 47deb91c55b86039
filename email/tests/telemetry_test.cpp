#include <infra/email/mailer.hpp>

#include "src/error_name.hpp"
#include "src/instruments.hpp"
#include "tests/scripted_transport.hpp"
#include "tests/support.hpp"

#include <infra/email/error.hpp>
#include <infra/testing/captured_mail.hpp>

#include <boost/asio/error.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace infra::email {
namespace {

/// All that is told, as text; one at a time, since the tables belong to the process.
struct told {
    std::set<std::string> series;
    std::map<std::string, int> counted;
    std::vector<std::string> lines;
};
told& book() {
    static told all;
    return all;
}

std::string text_of(const field_value& v) {
    switch (v.type()) {
    case field_value::kind::unsigned_integer: return std::to_string(v.unsigned_integer());
    case field_value::kind::signed_integer: return std::to_string(v.signed_integer());
    case field_value::kind::text: return std::string(v.text());
    case field_value::kind::duration: return std::to_string(static_cast<int>(v.milliseconds()));
    default: return "?";
    }
}

std::string line_of(std::string_view what, std::span<const field> fields) {
    std::string line(what);
    for (const auto& [key, value] : fields)
        line.append(" ").append(key).append("=").append(text_of(value));
    return line;
}

bool log_enabled(level, std::string_view) noexcept { return true; }
void log_write(const log_record& r) noexcept {
    book().lines.push_back(line_of("log: " + std::string(r.message), r.fields));
}

void* bind(const telemetry::instrument& of, std::span<const label> labels) noexcept {
    if (!of.name.starts_with("email"))
        return nullptr; // the blocking pool's
    std::string name(of.name);
    for (const auto& [key, value] : labels)
        name.append(" ").append(key).append("=").append(value);
    return const_cast<std::string*>(&*book().series.insert(name).first);
}
void count(void* series, double by) noexcept {
    book().counted[*static_cast<std::string*>(series)] += static_cast<int>(by);
}
void observe(void* series, double) noexcept { ++book().counted[*static_cast<std::string*>(series)]; }

bool sample(trace_id, const span_context&, std::string_view, span_kind) noexcept { return true; }
void* start(std::string_view name, span_kind, const span_context&, span_id, wall_time) noexcept {
    book().lines.push_back("span: " + std::string(name));
    return &book();
}
void set(void*, std::span<const field> fields) noexcept { book().lines.push_back(line_of("set:", fields)); }
void event(void*, std::string_view name, std::span<const field> fields, wall_time) noexcept {
    book().lines.push_back(line_of("event: " + std::string(name), fields));
}
void status(void*, span_status, std::string_view why) noexcept {
    book().lines.push_back("failed: " + std::string(why));
}
void rename(void*, std::string_view) noexcept {}
void end(void*, wall_time) noexcept { book().lines.push_back("end"); }

constexpr telemetry::log_functions logs{&log_enabled, &log_write};
constexpr telemetry::meter_functions meter{&bind, &count, &observe};
constexpr telemetry::tracer_functions tracer{&sample, &start, &set, &event, &status, &rename, &end};

struct EmailTelemetry : ::testing::Test {
    EmailTelemetry() {
        book() = {};
        telemetry::install(&logs);
        telemetry::install(&meter);
        telemetry::install(&tracer);
    }
    ~EmailTelemetry() override {
        telemetry::install(static_cast<const telemetry::log_functions*>(nullptr));
        telemetry::install(static_cast<const telemetry::meter_functions*>(nullptr));
        telemetry::install(static_cast<const telemetry::tracer_functions*>(nullptr));
    }

    std::shared_ptr<testing::captured_mail> sent = std::make_shared<testing::captured_mail>();
    const mailer post{mailer_options{.transport = sent, .from = "shop@x.org"}};

    static std::string everything() {
        std::string all;
        for (const auto& each : book().lines)
            all += each + "\n";
        for (const auto& [series, times] : book().counted)
            all += series + "\n";
        return all;
    }
};

TEST_F(EmailTelemetry, TellsOfEachMailWithoutItsRecipient) {
    const auto id = run(post.send({.to = "ann.lee@example.org", .bcc = "bo@example.org", .subject = "S", .body = "B"}));
    EXPECT_EQ(book().lines,
              (std::vector<std::string>{
                  "span: send email",
                  "set: email.transport=captured email.template= email.recipients=2",
                  "log: sent message_id=" + id + " transport=captured template= to=a…@example.org recipients=2",
                  "set: email.message_id=" + id,
                  "end",
              }));
    EXPECT_EQ(book().counted, (std::map<std::string, int>{{"emails_sent_total transport=captured", 1},
                                                          {"email_send_duration_seconds transport=captured", 1}}));
}

TEST_F(EmailTelemetry, CountsDuplicatesAndFailuresApart) {
    for (int i = 0; i < 2; ++i)
        run(post.send({.to = "ann@example.org", .body = "B", .idempotency_key = "s3cret-key"}));
    EXPECT_EQ(failure_of([&] { run(post.send({.to = "s3cret", .body = "B"})); }).code, errc::bad_address);
    EXPECT_EQ(book().counted["emails_sent_total transport=captured"], 1);
    EXPECT_EQ(book().counted["emails_duplicate_total transport=captured"], 1);
    EXPECT_EQ(book().counted["emails_failed_total transport=captured reason=bad_address"], 1);
    EXPECT_NE(everything().find("failed: email::message::to: not an email address"), std::string::npos);
    EXPECT_EQ(everything().find("s3cret"), std::string::npos);
}

TEST_F(EmailTelemetry, TellsOfEveryFurtherAttempt) {
    scripted_mail mail;
    mail.to->fail(send_error(infra::errc::overloaded, "later", {.name = "s3cret", .retryable = true}));
    run_on(mail.time, mailer(mail.options).send(make_message("s3cret@example.org")));
    EXPECT_EQ(book().counted["emails_retried_total transport=scripted"], 1);
    EXPECT_EQ(book().counted["emails_sent_total transport=scripted"], 1);
    EXPECT_EQ(book().lines.at(2), "event: retry email.attempt=2 error.type=overloaded email.pause=500");
    EXPECT_EQ(book().lines.at(3),
              "log: will be tried again transport=scripted reason=overloaded mails=1 attempt=2 pause=500");
    EXPECT_EQ(everything().find("s3cret"), std::string::npos);
}

TEST_F(EmailTelemetry, TellsOfABatchInOneSpanAndOfEachOfItsMails) {
    scripted_mail mail;
    mail.options.before = {[](email::mail m) -> awaitable<std::optional<email::mail>> {
        if (m.to[0].email() == "stop@x.org")
            co_return std::nullopt;
        co_return m;
    }};
    mail.to->fail({1}, send_error(errc::refused, "no"));
    const auto done =
        mail.send_batch({make_message("ann@x.org"), make_message("bo@x.org"), make_message("stop@x.org")});
    EXPECT_EQ(book().counted, (std::map<std::string, int>{{"emails_sent_total transport=scripted", 1},
                                                          {"emails_failed_total transport=scripted reason=refused", 1},
                                                          {"emails_stopped_total transport=scripted", 1},
                                                          {"email_send_duration_seconds transport=scripted", 2}}));
    const auto failed = mail.to->calls.at(0).mails.at(1).id;
    EXPECT_EQ(book().lines,
              (std::vector<std::string>{
                  "span: send emails",
                  "set: email.transport=scripted email.messages=3",
                  "log: stopped by a hook message_id=" + done[2].id +
                      " transport=scripted template= to=s…@x.org recipients=1",
                  "log: sent message_id=" + done[0].id + " transport=scripted template= to=a…@x.org recipients=1",
                  "log: not sent message_id=" + failed +
                      " transport=scripted template= to=b…@x.org recipients=1 reason=refused",
                  "set: email.failed=1 email.stopped=1",
                  "failed: 1 of 3 emails were not accepted",
                  "end",
              }));
}

TEST_F(EmailTelemetry, SaysWhichOfAListTookAMail) {
    scripted_mail mail;
    mail.to->script.emplace_back([](std::vector<email::mail> mails) -> awaitable<std::vector<delivery>> {
        co_return std::vector<delivery>{{.id = mails[0].id, .transport = "smtp"}};
    });
    run_on(mail.time, mailer(mail.options).send(make_message()));
    EXPECT_NE(everything().find("set: email.transport=smtp\n"), std::string::npos);
    EXPECT_NE(everything().find(" transport=smtp template="), std::string::npos);
}

TEST_F(EmailTelemetry, LogsAHookThatThrowsAfterwards) {
    scripted_mail mail;
    mail.options.after = {[](const email::mail&, const delivery&) { throw std::runtime_error("a bug"); }};
    const auto id = run_on(mail.time, mailer(mail.options).send(make_message()));
    EXPECT_NE(everything().find("log: an after hook failed message_id=" + id + " error=a bug"), std::string::npos);
}

TEST_F(EmailTelemetry, WarnsOfMailThatWillBeClipped) {
    run(post.send({.to = "ann@example.org", .body = std::string(103 * 1024, 'x')}));
    EXPECT_NE(everything().find("log: html over 102 KB will be clipped by some readers"), std::string::npos);
}

TEST(FailureName, IsOneOfAFewWords) {
    EXPECT_EQ(name_of(errc::no_template), "no_template");
    EXPECT_EQ(name_of(errc::too_large), "too_large");
    EXPECT_EQ(name_of(errc::key_reused), "key_reused");
    EXPECT_EQ(name_of(infra::errc::timed_out), "timed_out");
    EXPECT_EQ(name_of(infra::errc::io), "io");
    EXPECT_EQ(name_of(boost::asio::error::operation_aborted), "cancelled");
    EXPECT_EQ(name_of({}), "error");
}

} // namespace
} // namespace infra::email
