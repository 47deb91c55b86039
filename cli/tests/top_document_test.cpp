#include "src/top_document.hpp"

#include <gtest/gtest.h>

namespace infra::cli::top {
namespace {

using namespace std::chrono_literals;
const steady_time begin{1h};
const place shop{.url = "http://10.0.0.7:3000"};

picture two_looks() {
    model m;
    for (int i = 0; i < 2; ++i) {
        reading now{.at = begin + std::chrono::seconds(2 * i)};
        add_metrics(now, "emails_sent_total " + std::to_string(6 * i) +
                             "\nprocess_start_time_seconds 100\n"
                             "queue_jobs_completed_total{queue=\"mail\x1b\"} " +
                             std::to_string(i) + "\n");
        now.service = "shop";
        now.status = "degraded";
        now.checks = {{"db", "degraded", "slow"}};
        now.concerns = {{"warn", "mail is slow", 2}};
        m.take(now);
    }
    return m.shown();
}

TEST(TopDocument, HasAllThatIsShown) {
    const auto d = document_of(two_looks(), shop, begin + 2s);
    EXPECT_EQ(d.at("url"), "http://10.0.0.7:3000");
    EXPECT_EQ(d.at("status"), "degraded");
    EXPECT_EQ(d.at("reason"), "db is degraded: slow");
    EXPECT_EQ(d.at("service"), "shop");
    EXPECT_EQ(d.at("per_second").at("mails_sent"), 3);
    EXPECT_EQ(d.at("per_second").at("requests"), 0);
    EXPECT_EQ(d.at("queues").at(0).at("queue"), "mail\x1b") << "JSON has it whole, escaped";
    EXPECT_EQ(d.at("queues").at(0).at("finished"), 0.5);
    EXPECT_EQ(d.at("checks").at(0).at("message"), "slow");
    EXPECT_EQ(d.at("attention").at(0).at("count"), 2);
    EXPECT_TRUE(d.at("version").is_null());
    EXPECT_TRUE(d.at("now").at("sockets").is_null()) << "what is not known is null, and not left out";
    EXPECT_EQ(d.at("restarted"), false);
}

TEST(TopDocument, HasTheSameNamesWhateverIsKnown) {
    model m;
    const auto nothing = document_of(m.shown(), shop, begin);
    m.fail("connection refused", begin);
    const auto down = document_of(m.shown(), shop, begin + 3s);
    const auto full = document_of(two_looks(), shop, begin);
    for (const auto* each : {&nothing, &down}) {
        ASSERT_EQ(each->size(), full.size());
        for (const auto& [name, value] : full)
            EXPECT_TRUE(each->contains(name)) << name;
        EXPECT_EQ(each->at("per_second").as_object().size(), counted_kinds);
    }
    EXPECT_EQ(nothing.at("status"), "unknown");
    EXPECT_EQ(down.at("status"), "down");
    EXPECT_EQ(down.at("reason"), "no answer for 3s, asked again: connection refused");
}

TEST(TopDocument, IsTextForPaper) {
    const auto text = plain_text_of(two_looks(), shop, begin);
    EXPECT_TRUE(text.starts_with("degraded  shop  http://10.0.0.7:3000\ndb is degraded: slow\n\nRequests")) << text;
    EXPECT_NE(text.find("\nMail sent     3/s\n"), std::string::npos) << text;
    EXPECT_NE(text.find("\nmail?"), std::string::npos) << text;
    EXPECT_NE(text.find("mail is slow"), std::string::npos);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

} // namespace
} // namespace infra::cli::top
