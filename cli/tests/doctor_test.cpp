#include "doctor_support.hpp"

#include <infra/base/clock.hpp>
#include <infra/base/http_date.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include <unistd.h>

namespace infra::cli {
namespace {

/// An address where nobody listens.
std::string nobody() { return "127.0.0.1:" + std::to_string(testing::free_port()); }

TEST_F(Doctor, NamesTheProcessThatHoldsThePort) {
    asio::io_context io;
    const tcp::acceptor taken(io, {asio::ip::address_v4::loopback(), 0});
    const auto port = std::to_string(taken.local_endpoint().port());
    const auto f = found("HOST=127.0.0.1\nPORT=" + port, "port", {"--timeout", "30s"});
    EXPECT_EQ(code, 4);
    EXPECT_EQ(text(f, "verdict"), "fail");
    EXPECT_EQ(text(f, "about"), "127.0.0.1:" + port);
    EXPECT_NE(text(f, "found").find("(process " + std::to_string(::getpid()) + ")"), std::string::npos) << out;
    EXPECT_NE(text(f, "advice"), "");
}

TEST_F(Doctor, FindsAPortFree) {
    const auto f = found("PORT=" + std::to_string(testing::free_port()), "port");
    EXPECT_EQ(code, 0);
    EXPECT_EQ(text(f, "found"), "is free");
}

TEST_F(Doctor, FindsAFolderThatCannotBeWritten) {
    const auto closed = at("closed");
    std::filesystem::create_directory(closed);
    std::filesystem::permissions(closed, std::filesystem::perms(0500));
    const auto where = ::geteuid() == 0 ? std::string("/proc/self") : closed; // root may write what is closed
    const auto f = found("QUEUE_URL=memory:\nEMAIL_URL=log:\nSTORAGE_URL=file:" + where, "folders");
    EXPECT_EQ(code, 4);
    EXPECT_EQ(text(f, "verdict"), "fail");
    EXPECT_EQ(text(f, "about"), where + " (STORAGE_URL)");
}

TEST_F(Doctor, TellsWhatIsWrongWithSettingsAndShowsNoValue) {
    EXPECT_EQ(run("PORT=80x80\nno line\nINFRA_ADMIN_TOKEN=tooshort\n", {"--only", "settings"}), 4);
    EXPECT_NE(out.find("fail  settings  " + at("env") + ":2: expected"), std::string::npos) << out;
    EXPECT_NE(out.find("fail  settings  PORT: expected a whole number"), std::string::npos) << out;
    EXPECT_EQ(out.find("80x80"), std::string::npos);
    EXPECT_EQ(out.find("tooshort"), std::string::npos);
}

TEST_F(Doctor, WarnsOfARedisThatMayEvictJobs) {
    if (!testing::redis_server::installed())
        GTEST_SKIP() << testing::redis_server::how_to_install;
    const testing::redis_server server({"--maxmemory-policy", "allkeys-lru", "--requirepass", "hush-hush"});
    const auto url = "redis://:hush-hush@127.0.0.1:" + std::to_string(server.port());
    const auto said = told("REDIS_URL=" + url, "redis");
    EXPECT_EQ(code, 0) << said;
    EXPECT_NE(said.find("ok    redis  redis://127.0.0.1:" + std::to_string(server.port()) + "/0: Redis "),
              std::string::npos)
        << said;
    EXPECT_NE(said.find("answers (queue, cache, realtime)"), std::string::npos) << said;
    EXPECT_NE(said.find("evicts keys (maxmemory-policy allkeys-lru)"), std::string::npos) << said;
    EXPECT_NE(said.find("keeps nothing on disk"), std::string::npos) << said;
    EXPECT_EQ(said.find("hush"), std::string::npos);
    EXPECT_NE(told("REDIS_URL=redis://:wrong@127.0.0.1:" + std::to_string(server.port()), "redis"), "");
    EXPECT_EQ(code, 4) << "the password is wrong";
    EXPECT_EQ(run("REDIS_URL=" + url, {"--only", "redis", "--strict"}), 4);
}

TEST_F(Doctor, FailsWhatCannotBeReachedWithinItsTime) {
    const auto begun = std::chrono::steady_clock::now();
    const auto variables = "REDIS_URL=redis://" + nobody() + "\nEMAIL_URL=smtp://" + nobody() +
                           "\nSTORAGE_URL=s3+http://" + nobody() +
                           "/photos\nS3_ACCESS_KEY_ID=id\nS3_SECRET_ACCESS_KEY=hush-hush\n"
                           "OTEL_EXPORTER_OTLP_ENDPOINT=http://" +
                           nobody() + "\nOTEL_EXPORTER_OTLP_HEADERS=api-key=hush-hush\n";
    for (const auto* check : {"redis", "smtp", "s3", "otlp"}) {
        const auto f = found(variables, check, {"--timeout", "2s"});
        EXPECT_EQ(code, 4) << check;
        EXPECT_EQ(text(f, "verdict"), "fail") << out;
        EXPECT_NE(text(f, "found"), "");
        EXPECT_NE(text(f, "advice"), "") << out;
        EXPECT_EQ(out.find("hush-hush"), std::string::npos) << out;
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
}

TEST_F(Doctor, SendsNothingToACollectorAndIsContent) {
    std::string asked;
    {
        const listener collector([&asked](tcp::socket& with) {
            asked = heard(with, "]}");
            say(with, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        });
        const auto f = found("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://" + collector.address() +
                                 "/v1/traces?key=hush\nOTEL_EXPORTER_OTLP_HEADERS=api-key=hush",
                             "otlp");
        EXPECT_EQ(code, 0) << out;
        EXPECT_EQ(text(f, "about"), "http://" + collector.address() + "/v1/traces");
        EXPECT_EQ(out.find("hush"), std::string::npos);
    }
    EXPECT_NE(asked.find("api-key: hush"), std::string::npos) << asked;
    EXPECT_NE(asked.find(R"({"resourceSpans":[]})"), std::string::npos) << asked;
}

/// An empty bucket, whose clock is off; asked twice, once for what is in it and once for the time.
void be_a_bucket(tcp::acceptor& at, std::chrono::seconds off) {
    const auto date = format_http_date(real_clock().wall() + off);
    for (int i = 0; i < 2; ++i) {
        boost::system::error_code ec;
        auto socket = at.accept(ec);
        if (ec)
            return;
        const std::string nothing =
            heard(socket, "\r\n\r\n").starts_with("HEAD")
                ? ""
                : "<?xml version=\"1.0\"?><ListBucketResult><Name>photos</Name><KeyCount>0</KeyCount>"
                  "<IsTruncated>false</IsTruncated></ListBucketResult>";
        say(socket, "HTTP/1.1 200 OK\r\nDate: " + date + "\r\nConnection: close\r\nContent-Length: " +
                        std::to_string(nothing.size()) + "\r\n\r\n" + nothing);
    }
}

TEST_F(Doctor, ComparesItsClockWithThatOfS3) {
    for (const auto& [off, expected, says] : {std::tuple(std::chrono::seconds(0), 0, "answers to a signed request"),
                                              std::tuple(std::chrono::seconds(-3600), 4, " s ahead of the server's")}) {
        asio::io_context io;
        tcp::acceptor bucket(io, {asio::ip::address_v4::loopback(), 0});
        std::thread answering([&bucket, by = off] { be_a_bucket(bucket, by); });
        const auto said = told("STORAGE_URL=s3+http://127.0.0.1:" + std::to_string(bucket.local_endpoint().port()) +
                                   "/photos\nS3_ACCESS_KEY_ID=id\nS3_SECRET_ACCESS_KEY=hush-hush\n",
                               "s3");
        ::shutdown(bucket.native_handle(), SHUT_RDWR); // where nobody has called
        answering.join();
        EXPECT_EQ(code, expected) << said;
        EXPECT_NE(said.find(says), std::string::npos) << said;
    }
}

TEST_F(Doctor, KnowsAServiceOfInfraOnItsPort) {
    const listener service([](tcp::socket& with) {
        heard(with, "\r\n\r\n");
        const std::string report = R"({"status":"healthy","checks":{}})";
        say(with, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(report.size()) + "\r\n\r\n" + report);
    });
    const auto f = found("PORT=" + service.address().substr(service.address().find(':') + 1), "port");
    EXPECT_EQ(code, 0);
    EXPECT_NE(text(f, "found").find("is a service of infra and answers"), std::string::npos) << out;
}

TEST_F(Doctor, EndsWithZeroWhereAllIsWell) {
    const auto variables = "PORT=" + std::to_string(testing::free_port()) + "\nQUEUE_URL=sqlite:" + at("queue.db") +
                           "\nSTORAGE_URL=file:" + at("storage") + "\nEMAIL_URL=outbox:" + at("outbox") + "\n";
    EXPECT_EQ(run(variables, {"--all"}), 0) << out;
    for (const auto* line :
         {"ok    settings    4 are set", "ok    port ", " folders ", "ok    sqlite ", // a disk may be full
          "-     redis       neither", "-     smtp        mail does not go by SMTP", "-     s3 "})
        EXPECT_NE(out.find(line), std::string::npos) << line << "\n" << out;
    EXPECT_EQ(run(variables, {"--json"}), 0);
    const auto document = json::parse(out).value();
    EXPECT_EQ(document.at("fail").as_int64(), 0);
    EXPECT_GE(document.at("skipped").as_int64(), 5);
    for (const auto& each : document.at("findings").as_array())
        EXPECT_NE(each.at("verdict").as_string(), "skipped");
    EXPECT_FALSE(std::filesystem::exists(at("storage"))) << "looking makes nothing";
}

TEST_F(Doctor, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(run("", {"--only", "rediss"}), 2);
    EXPECT_EQ(run("", {"--only", "prot"}), 2);
    EXPECT_NE(err.find("did you mean 'port'?"), std::string::npos) << err;
    EXPECT_EQ(run("", {"--timeout", "soon"}), 2);
    EXPECT_EQ(run("", {"--timeout", "2m"}), 2);
    std::ostringstream to, problems;
    frame f(to, problems);
    add_doctor(f);
    EXPECT_EQ(f.run({"doctor", "--env-file", at("none")}), 3) << "a file that is not there";
}

} // namespace
} // namespace infra::cli
