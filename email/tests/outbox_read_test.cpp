#include <infra/email/mime.hpp>
#include <infra/email/outbox.hpp>

#include "src/outbox_name.hpp"
#include "tests/support.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include <sys/stat.h>

namespace infra::email {
namespace {

namespace fs = std::filesystem;

const wall_time noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 3) + std::chrono::hours(12);

mail make_mail(const std::string& id, int minute) {
    return {.id = id,
            .date = noon + std::chrono::minutes(minute),
            .from = "Shop <shop@example.org>",
            .to = {"ann@example.org", address::named("Bö", "bo@example.org")},
            .subject = "Grüße " + id,
            .text = "Hi\n"};
}

struct OutboxRead : ::testing::Test {
    void put(const std::string& id, int minute) { put(make_mail(id, minute)); }
    void put(const mail& m) { folder.write(outbox_name(m.date, m.id), to_mime(m, {.senders_copy = true})); }

    std::vector<std::string> ids(const outbox_page& page) {
        std::vector<std::string> all;
        for (const auto& each : page.mails)
            all.push_back(each.id);
        return all;
    }

    temporary_folder folder;
};

TEST(OutboxName, TellsTimeAndId) {
    const auto name = outbox_name(noon + std::chrono::milliseconds(7), "0193-id");
    EXPECT_EQ(name, "20261103T120000.007Z-0193-id.eml");
    EXPECT_EQ(id_in_name(name), "0193-id");
    EXPECT_EQ(time_in_name(name), noon + std::chrono::milliseconds(7));
    for (const auto* other : {"", ".eml", "20261103T120000.007Z-.eml", "20261103T120000.007Z-0193-id", "notes.eml",
                              "2026110xT120000.007Z-0193-id.eml"})
        EXPECT_EQ(id_in_name(other), "") << other;
    EXPECT_EQ(time_in_name("20261303T120000.007Z-x.eml"), std::nullopt);
    EXPECT_EQ(time_in_name("99990101T120000.007Z-x.eml"), std::nullopt) << "beyond what a clock of nanoseconds holds";
}

TEST_F(OutboxRead, ListsWhatWasSentNewestFirst) {
    put("a1", 0);
    put("b2", 5);
    folder.write("notes.txt", "not a mail");
    folder.write(".keys/x", "");
    const auto page = list_outbox({.directory = folder.string()});
    ASSERT_EQ(ids(page), (std::vector<std::string>{"b2", "a1"}));
    const auto& newest = page.mails[0];
    EXPECT_EQ(newest.date, noon + std::chrono::minutes(5));
    EXPECT_EQ(newest.from, address("Shop <shop@example.org>"));
    EXPECT_EQ(newest.to, make_mail("", 0).to);
    EXPECT_EQ(newest.subject, "Grüße b2");
    EXPECT_EQ(newest.size, fs::file_size(newest.file));
    EXPECT_EQ(newest.problem, "");
    EXPECT_EQ(page.next, "");
}

TEST_F(OutboxRead, TurnsPages) {
    for (int i = 0; i < 7; ++i)
        put("m" + std::to_string(i), i);
    outbox_query query{.directory = folder.string(), .limit = 3};
    std::vector<std::vector<std::string>> pages;
    do {
        const auto page = list_outbox(query);
        pages.push_back(ids(page));
        query.before = page.next;
    } while (!query.before.empty());
    EXPECT_EQ(pages, (std::vector<std::vector<std::string>>{{"m6", "m5", "m4"}, {"m3", "m2", "m1"}, {"m0"}}));
}

TEST_F(OutboxRead, IsEmptyWhereNothingWasSentYet) {
    EXPECT_TRUE(list_outbox({.directory = folder.string() + "/none"}).mails.empty());
    EXPECT_EQ(read_outbox(folder.string() + "/none", "a"), std::nullopt);
    folder.write("file", "");
    EXPECT_EQ(failure_of([&] { list_outbox({.directory = folder.string() + "/file"}); }).code, infra::errc::io);
    for (const std::size_t limit : {std::size_t{0}, std::size_t{1001}})
        EXPECT_THROW(list_outbox({.directory = folder.string(), .limit = limit}), std::invalid_argument);
}

TEST_F(OutboxRead, ListsWhatIsBrokenAsSuch) {
    put("good", 9);
    folder.write(outbox_name(noon, "empty"), "");
    folder.write(outbox_name(noon, "other"), "From: a@example.org\r\nTo: b@example.org\r\n\r\n");
    fs::create_directory(folder / outbox_name(noon, "folder"));
    folder.write("secret", to_mime(make_mail("secret", 0)));
    fs::create_symlink(folder / "secret", folder / outbox_name(noon, "link"));
    ASSERT_EQ(::mkfifo((folder / outbox_name(noon, "pipe")).c_str(), 0600), 0);
    const auto page = list_outbox({.directory = folder.string()});
    ASSERT_EQ(ids(page), (std::vector<std::string>{"good", "pipe", "other", "link", "folder", "empty"}));
    EXPECT_EQ(page.mails[0].problem, "");
    for (std::size_t i = 1; i < page.mails.size(); ++i) {
        EXPECT_NE(page.mails[i].problem, "") << page.mails[i].id;
        EXPECT_EQ(page.mails[i].subject, "") << page.mails[i].id;
        EXPECT_EQ(page.mails[i].date, noon);
    }
    for (const auto* id : {"pipe", "link", "folder"})
        EXPECT_EQ(failure_of([&] { read_outbox(folder.string(), id); }).code, infra::errc::io) << id;
}

TEST_F(OutboxRead, ReadsNoMoreThanTheBeginningOfALongHeader) {
    auto m = make_mail("long", 0);
    for (int i = 0; i < 100; ++i)
        m.headers["X-" + std::to_string(i)] = std::string(900, 'x');
    put(m);
    const auto page = list_outbox({.directory = folder.string()});
    EXPECT_EQ(page.mails.at(0).problem, "");
    EXPECT_EQ(page.mails.at(0).subject, "Grüße long");
}

TEST_F(OutboxRead, FindsAMailByTheBeginningOfItsId) {
    put("0193-aa", 0);
    put("0193-ab", 1);
    put("0193", 2);
    EXPECT_EQ(from_mime(read_outbox(folder.string(), "0193-aa").value()).subject, "Grüße 0193-aa");
    EXPECT_EQ(from_mime(read_outbox(folder.string(), "0193").value()).id, "0193") << "a whole id is no beginning";
    EXPECT_EQ(failure_of([&] { read_outbox(folder.string(), "0193-a"); }).code, infra::errc::invalid_input);
    EXPECT_EQ(read_outbox(folder.string(), "0194"), std::nullopt);
    EXPECT_EQ(read_outbox(folder.string(), ""), std::nullopt);
    EXPECT_EQ(read_outbox(folder.string(), "../secret"), std::nullopt);
}

TEST_F(OutboxRead, GivesBackWhatTheTransportWrote) {
    auto m = make_mail("0193-id", 0);
    m.bcc = {"hidden@example.org"};
    m.tags = {{"kind", "test"}};
    run(make_outbox_transport({.directory = folder.string()})->deliver({m}, {}));
    const auto page = list_outbox({.directory = folder.string()});
    ASSERT_EQ(page.mails.size(), 1u);
    const auto read = from_mime(read_outbox(folder.string(), page.mails[0].id).value());
    EXPECT_EQ(read.bcc, m.bcc);
    EXPECT_EQ(read.tags, m.tags);
    EXPECT_EQ(read.text, m.text);
}

TEST(ToMessage, IsSentAgainAsAMailOfItsOwn) {
    auto m = make_mail("0193-id", 0);
    m.cc = {"cc@example.org"};
    m.bcc = {"hidden@example.org"};
    m.reply_to = {"r@example.org"};
    m.headers = {{"X-Shop", "1"}};
    m.tags = {{"kind", "test"}};
    m.attachments = {{.filename = "a.txt", .content = "a"}};
    m.html = "<p>Hi</p>";
    m.idempotency_key = "first";
    const auto again = to_message(m);
    EXPECT_EQ(again.from, m.from);
    EXPECT_EQ(again.to[1], m.to[1]);
    EXPECT_EQ(again.cc[0], m.cc[0]);
    EXPECT_EQ(again.bcc[0], m.bcc[0]);
    EXPECT_EQ(again.reply_to[0], m.reply_to[0]);
    EXPECT_EQ(again.subject, m.subject);
    EXPECT_EQ(again.content.value().html, m.html);
    EXPECT_EQ(again.content.value().text, m.text);
    EXPECT_EQ(again.headers, m.headers);
    EXPECT_EQ(again.tags, m.tags);
    EXPECT_EQ(again.attachments.at(0).content, "a");
    EXPECT_EQ(again.idempotency_key, "");
}

} // namespace
} // namespace infra::email
