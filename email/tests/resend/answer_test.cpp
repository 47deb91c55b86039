#include "src/resend/answer.hpp"

#include "tests/resend/mock.hpp"

#include <gtest/gtest.h>

namespace infra::email::resend {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

std::vector<delivery> answered(int status, std::string body, std::size_t mails = 1) {
    std::vector<mail> all;
    for (std::size_t i = 0; i < mails; ++i)
        all.push_back(make_mail(std::to_string(i)));
    std::vector<const mail*> of;
    for (const auto& each : all)
        of.push_back(&each);
    return deliveries_of({status, std::move(body), 7s}, of);
}

std::string body_of(const std::string& name, const std::string& message = "why") {
    return json::to_text(json::value{{"statusCode", 0}, {"name", name}, {"message", message}});
}

// --- Failures ---------------------------------------------------------------------------------------------------

struct row {
    int status;
    std::string name;
    error_code code;
    bool retryable = false;
    bool uncertain = false;
};

TEST(ResendAnswer, IsAFailureByItsStatusAndName) {
    const row table[] = {
        {400, "invalid_idempotency_key", errc::refused},
        {400, "validation_error", errc::refused},
        {401, "missing_api_key", errc::unauthorized},
        {401, "restricted_api_key", errc::unauthorized},
        {403, "invalid_api_key", errc::unauthorized},
        {403, "validation_error", errc::refused},
        {404, "not_found", errc::refused},
        {405, "method_not_allowed", errc::refused},
        {408, "request_timeout", infra::errc::unavailable, true, true},
        {409, "invalid_idempotent_request", errc::key_reused, false, true},
        {409, "concurrent_idempotent_requests", infra::errc::unavailable, true, true},
        {409, "something_new", errc::refused},
        {413, "payload_too_large", errc::too_large},
        {422, "missing_required_field", errc::refused},
        {422, "invalid_attachment", errc::refused},
        {422, "invalid_from_address", errc::refused},
        {429, "rate_limit_exceeded", infra::errc::overloaded, true},
        {429, "something_new", infra::errc::overloaded, true},
        {429, "daily_quota_exceeded", errc::quota_exceeded},
        {429, "monthly_quota_exceeded", errc::quota_exceeded},
        {451, "security_error", errc::refused},
        {500, "application_error", infra::errc::unavailable, true, true},
        {500, "internal_server_error", infra::errc::unavailable, true, true},
        {503, "something_new", infra::errc::unavailable, true, true},
        {301, "moved", infra::errc::misconfigured},
        {100, "strange", infra::errc::unavailable, true, true},
    };
    for (const auto& r : table) {
        SCOPED_TRACE(std::to_string(r.status) + " " + r.name);
        const auto done = answered(r.status, body_of(r.name));
        ASSERT_TRUE(done.at(0).failure);
        const auto& why = *done[0].failure;
        EXPECT_EQ(why.code(), r.code);
        EXPECT_EQ(why.name(), r.name);
        EXPECT_EQ(why.status(), r.status);
        EXPECT_EQ(why.retryable(), r.retryable);
        EXPECT_EQ(why.uncertain(), r.uncertain);
        EXPECT_EQ(why.retry_after(), 7s);
        EXPECT_TRUE(std::string(why.what()).ends_with("(" + std::to_string(r.status) + " " + r.name + "): why"))
            << why.what();
    }
}

TEST(ResendAnswer, MayBeAnythingThatStandsInBetween) {
    const std::string page = "<html>1010 ann@example.org</html>";
    for (const auto& body : {page, std::string(), std::string("{\"name\":"), std::string("[]"), std::string("null"),
                             std::string("\xff\xfe"), std::string(10 << 20, 'x')}) {
        for (const auto& [status, code, retryable] :
             {std::tuple<int, error_code, bool>{403, infra::errc::unavailable, false},
              {404, infra::errc::unavailable, false},
              {401, errc::unauthorized, false},
              {413, errc::too_large, false},
              {429, infra::errc::overloaded, true},
              {502, infra::errc::unavailable, true}}) {
            const auto why = answered(status, body).at(0).failure.value();
            EXPECT_EQ(why.code(), code) << status << body.substr(0, 20);
            EXPECT_EQ(why.retryable(), retryable) << status;
            EXPECT_EQ(why.uncertain(), status >= 500) << status;
            EXPECT_EQ(why.name(), "application_error");
            EXPECT_LT(std::string(why.what()).size(), 200u);
            EXPECT_EQ(std::string(why.what()).find("ann"), std::string::npos);
        }
    }
}

TEST(ResendAnswer, GivesNoNameThatIsNone) {
    for (const std::string name : {"", "Two words", "a\nb", "ann@example.org"})
        EXPECT_EQ(answered(422, body_of(name)).at(0).failure->name(), "application_error") << name;
    EXPECT_EQ(answered(422, R"({"name":7,"message":["x"]})").at(0).failure->name(), "application_error");
}

TEST(ResendAnswer, FailsEveryMailOfItsBatch) {
    const auto done = answered(422, body_of("validation_error"), 3);
    ASSERT_EQ(done.size(), 3u);
    for (const auto& each : done)
        EXPECT_EQ(each.failure->code(), errc::refused);
}

// --- What was accepted ------------------------------------------------------------------------------------------

TEST(ResendAnswer, HasTheIdOfTheMail) {
    const auto done = answered(200, R"({"id":"49a3999c","more":1})");
    EXPECT_FALSE(done.at(0).failure);
    EXPECT_EQ(done[0].id, "49a3999c");
    EXPECT_EQ(answered(202, R"({"id":"x"})").at(0).id, "x");
}

TEST(ResendAnswer, WithoutAnIdLeavesItOpen) {
    for (const std::string body : {"", "{}", "OK", R"({"id":""})", R"({"id":7})", R"({"id":"x")", "[]"}) {
        const auto why = answered(200, body).at(0).failure.value();
        EXPECT_EQ(why.code(), infra::errc::unavailable) << body;
        EXPECT_TRUE(why.uncertain()) << body;
        EXPECT_TRUE(why.retryable()) << body; // by its key it is told the id again, if there is one
    }
}

TEST(ResendAnswer, HasTheIdsOfABatchInOrder) {
    const auto done = answered(200, R"({"data":[{"id":"a"},{"id":"b"},{"id":"c"}]})", 3);
    ASSERT_EQ(done.size(), 3u);
    EXPECT_EQ(done[0].id + done[1].id + done[2].id, "abc");
}

TEST(ResendAnswer, SaysWhichOfABatchIsRefused) {
    const auto done = answered(
        200, R"({"data":[{"id":"a"},{"id":"c"}],"errors":[{"index":1,"message":"`to` ann@example.org is bad"}]})", 3);
    ASSERT_EQ(done.size(), 3u);
    EXPECT_EQ(done[0].id, "a");
    EXPECT_EQ(done[2].id, "c");
    const auto& why = done[1].failure.value();
    EXPECT_EQ(why.code(), errc::refused);
    EXPECT_EQ(why.name(), "validation_error");
    EXPECT_FALSE(why.retryable() || why.uncertain());
    EXPECT_STREQ(why.what(), "Resend does not take the mail: `to` … is bad");
}

TEST(ResendAnswer, MayRefuseABatchAltogetherOneByOne) {
    const auto done = answered(200, R"({"data":[],"errors":[{"index":0,"message":"x"},{"index":1,"message":"y"}]})", 2);
    for (const auto& each : done)
        EXPECT_EQ(each.failure->code(), errc::refused);
}

// The API would say the same again, and a part of the batch would be another batch.
TEST(ResendAnswer, LeavesOpenWhatCannotBeToldApart) {
    for (const std::string body :
         {R"({"data":[{"id":"a"}]})", R"({"data":[{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}]})",
          R"({"data":[{"id":"a"},{},{"id":"c"}]})", R"({"data":[{"id":"a"},"b",{"id":"c"}]})",
          R"({"data":[{"id":"a"},{"id":"b"}],"errors":[{"index":3,"message":"x"}]})",
          R"({"data":[{"id":"a"},{"id":"b"}],"errors":[{"index":-1}]})",
          R"({"data":[{"id":"a"},{"id":"b"}],"errors":["x"]})",
          R"({"data":[{"id":"a"},{"id":"b"}],"errors":[{"index":1},{"index":1}]})",
          R"({"data":[{"id":"a"},{"id":"b"}],"errors":[{"message":"x"}]})"}) {
        for (const auto& each : answered(200, body, 3)) {
            ASSERT_TRUE(each.failure) << body;
            EXPECT_TRUE(each.failure->uncertain()) << body;
            EXPECT_FALSE(each.failure->retryable()) << body;
        }
    }
    const auto done = answered(200, R"({"data":[],"errors":[{"index":1,"message":"x"}]})", 3);
    EXPECT_EQ(done.at(1).failure->code(), errc::refused) << "of this one it is clear";
    EXPECT_TRUE(done.at(0).failure->uncertain() && done.at(2).failure->uncertain());
}

TEST(ResendAnswer, ThatIsUnreadableOfABatchIsAskedForAgain) {
    for (const std::string body : {"", "<html>", R"({"data":{}})", R"({"id":"a"})"})
        for (const auto& each : answered(200, body, 2)) {
            EXPECT_TRUE(each.failure->uncertain()) << body;
            EXPECT_TRUE(each.failure->retryable()) << body; // all of it: the same batch
        }
}

// --- No answer --------------------------------------------------------------------------------------------------

TEST(ResendFailure, IsCertainWhereNothingWasSent) {
    const struct {
        error_code from;
        error_code code;
        bool retryable;
    } table[] = {
        {http::client_errc::dns, infra::errc::unavailable, true},
        {http::client_errc::connect, infra::errc::unavailable, true},
        {http::client_errc::tls, infra::errc::unavailable, false},
        {http::client_errc::proxy, infra::errc::unavailable, false},
        {http::client_errc::lost, infra::errc::unavailable, true},
        {http::client_errc::protocol, infra::errc::unavailable, false},
        {http::client_errc::too_large, infra::errc::unavailable, false},
        {infra::errc::timed_out, infra::errc::timed_out, true},
        {infra::errc::overloaded, infra::errc::overloaded, true},
        {infra::errc::closed, infra::errc::unavailable, false},
        {infra::errc::invalid_input, infra::errc::misconfigured, false},
    };
    for (const auto& [from, code, retryable] : table)
        for (const bool sent : {false, true}) {
            const auto why = failure_of(http::client_error(from, "POST api: why", sent));
            EXPECT_EQ(why.code(), code) << from.message();
            EXPECT_EQ(why.retryable(), retryable) << from.message();
            EXPECT_EQ(why.uncertain(), sent) << from.message();
            EXPECT_EQ(why.status(), 0);
            EXPECT_EQ(why.name(), http::failure_name(from));
            EXPECT_STREQ(why.what(), "Resend: POST api: why");
        }
    EXPECT_FALSE(failure_of(error(infra::errc::invalid_input, "the URL")).uncertain());
}

} // namespace
} // namespace infra::email::resend
