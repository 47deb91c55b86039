// S3 over TLS: whom it trusts, in what names, and what becomes of connections that end.

#include "proof.hpp"
#include "test_authority.hpp"
#include "tls_relay.hpp"

#include <infra/storage.hpp>
#include <infra/storage/verify.hpp>

#include <fstream>

namespace infra::storage {
namespace {

using namespace proof;
using stub::trouble;
using testing::test_authority;
using testing::tls_end;
using testing::tls_relay;

struct S3OverTls : ::testing::Test {
    const test_authority authority;
    stub::server s3;

    std::string issue(std::string names = "IP:127.0.0.1") const {
        return authority.issue({.alternative_name = std::move(names)});
    }
    static std::string endpoint(const tls_relay& at, const std::string& host = "127.0.0.1") {
        return "https://" + host + ":" + std::to_string(at.port());
    }

    s3_options options(const std::string& endpoint) const {
        return {.bucket = s3.bucket(),
                .endpoint = endpoint,
                .keys = s3.keys(),
                .tls = {.ca_file = authority.ca_file()},
                .connect_timeout = 2s};
    }
    infra::storage::storage files(s3_options o, int attempts = 5) const {
        return infra::storage::storage(impatient(make_s3_bucket(std::move(o)), attempts));
    }
    infra::storage::storage files_at(const tls_relay& at) const { return files(options(endpoint(at))); }

    /// What a deployment sets beside its endpoint.
    environment variables(const std::string& endpoint, environment::variables more) const {
        environment::variables all{{"S3_BUCKET", s3.bucket()},
                                   {"S3_ENDPOINT", endpoint},
                                   {"S3_ACCESS_KEY_ID", s3.keys().access_key_id},
                                   {"S3_SECRET_ACCESS_KEY", s3.keys().secret_access_key}};
        all.merge(more);
        return environment(std::move(all));
    }

    template <class T>
    static std::string sentence(awaitable<T> operation, const boost::system::error_code& wanted) {
        try {
            wait(std::move(operation));
        } catch (const storage_error& e) {
            EXPECT_EQ(e.code(), wanted) << e.what();
            EXPECT_FALSE(e.uncertain()) << e.what();
            return e.what();
        }
        return "it did not fail";
    }
    static bool says(const std::string& sentence, std::string_view part) {
        return sentence.find(part) != std::string::npos;
    }
};

TEST_F(S3OverTls, SignsNoBodyAndSendsItsChecksum) {
    const tls_relay relay(s3.port(), issue());
    const auto store = files_at(relay);
    wait(store.put("small", "hello"));
    wait(store.put("large", bytes(2 * part_bytes + 1, 1)));
    for (const auto* const op : {"put", "part"})
        for (const auto& each : s3.requests_of(op)) {
            EXPECT_EQ(each.header("x-amz-content-sha256"), "UNSIGNED-PAYLOAD") << op;
            EXPECT_FALSE(each.header("x-amz-checksum-crc32c").empty()) << op;
        }
    EXPECT_EQ(s3.requests_of("part").size(), 3u);
    EXPECT_EQ(wait(store.get("large")).bytes, bytes(2 * part_bytes + 1, 1));
}

TEST_F(S3OverTls, KeepsItsConnections) {
    const tls_relay relay(s3.port(), issue());
    const auto store = files_at(relay);
    for (int i = 0; i < 10; ++i)
        wait(store.put("a", std::to_string(i)));
    EXPECT_EQ(relay.secured(), 1u);
}

// --- Whom it trusts ---------------------------------------------------------------------------------------------------

TEST_F(S3OverTls, IsSetUpByTheEnvironmentAlone) {
    const tls_relay relay(s3.port(), issue());
    for (const auto* const name : {"S3_CA_FILE", "AWS_CA_BUNDLE", "SSL_CERT_FILE"}) {
        const auto store = storage_from(variables(endpoint(relay), {{name, authority.ca_file()}}));
        wait(store.put(name, "hello"));
        EXPECT_EQ(wait(store.get(name)).bytes, "hello");
    }
    const auto url = "s3://photos?endpoint=" + endpoint(relay) + "&ca_file=" + authority.ca_file();
    const auto store = storage_from(variables("", {{"STORAGE_URL", url}}));
    EXPECT_EQ(wait(store.get("S3_CA_FILE")).bytes, "hello");
}

TEST_F(S3OverTls, SaysWhatToDoAboutACertificateThatNobodyVouchesFor) {
    const tls_relay relay(s3.port(), issue());
    auto unaware = options(endpoint(relay));
    unaware.tls = {};
    const auto why = sentence(files(unaware).put("a", "hello"), infra::errc::misconfigured);
    EXPECT_TRUE(says(why, "the certificate is not trusted")) << why;
    EXPECT_TRUE(says(why, "S3_CA_FILE, which names whose certificates are trusted")) << why;
    EXPECT_EQ(relay.accepted(), 1u) << "it is not tried again";
    EXPECT_TRUE(s3.requests().empty());
}

TEST_F(S3OverTls, SaysSoWhenTheCertificatesToTrustCannotBeRead) {
    const tls_relay relay(s3.port(), issue());
    const testing::temporary_folder folder;
    std::ofstream(folder.path() + "/empty.pem");
    for (const auto* const name : {"/none.pem", "/empty.pem", ""}) {
        auto broken = options(endpoint(relay));
        broken.tls.ca_file = folder.path() + name;
        const auto why = sentence(files(broken).get("a"), infra::errc::misconfigured);
        EXPECT_TRUE(says(why, "S3_CA_FILE")) << why;
    }
    EXPECT_TRUE(s3.requests().empty());
}

TEST_F(S3OverTls, FollowsItsUrlsByTheSameCertificates) {
    const tls_relay relay(s3.port(), issue());
    const auto report = wait(verify(files_at(relay)));
    EXPECT_TRUE(report.usable());
    for (const auto& each : report.checks)
        EXPECT_EQ(each.outcome, outcome::works) << each.name << ": " << each.note;
}

// --- In what names ----------------------------------------------------------------------------------------------------

TEST_F(S3OverTls, FindsTheBucketInTheHostAndItsCertificate) {
    const std::pair<std::string, std::string> table[] = {
        {"DNS:photos.localhost", "localhost"},
        {"DNS:*.s3.localhost", "s3.localhost"},
    };
    for (const auto& [certified, host] : table) {
        const tls_relay relay(s3.port(), issue(certified));
        auto by_host = options(endpoint(relay, host));
        by_host.addressing = addressing::virtual_host;
        const auto store = files(by_host);
        wait(store.put("a b", "hello"));
        EXPECT_EQ(wait(store.get("a b")).bytes, "hello");
        const auto last = s3.requests().back();
        EXPECT_EQ(last.header("host"), "photos." + host + ":" + std::to_string(relay.port()));
        EXPECT_EQ(last.target, "/a%20b");
        const auto report = wait(verify(store));
        EXPECT_TRUE(report.usable()) << certified;
    }
}

TEST_F(S3OverTls, SaysSoWhenTheCertificateIsForAnotherHost) {
    const tls_relay relay(s3.port(), issue("DNS:localhost"));
    auto by_host = options(endpoint(relay, "localhost"));
    by_host.addressing = addressing::virtual_host;
    for (const auto& o : {options(endpoint(relay)), by_host}) {
        const auto why = sentence(files(o).put("a", "hello"), infra::errc::misconfigured);
        EXPECT_TRUE(says(why, "the certificate is for another host")) << why;
        EXPECT_TRUE(says(why, "check S3_ENDPOINT")) << why;
    }
    EXPECT_TRUE(s3.requests().empty());
    auto by_path = options(endpoint(relay, "localhost"));
    by_path.addressing = addressing::path;
    wait(files(by_path).put("a", "hello"));
}

// --- Who speaks what --------------------------------------------------------------------------------------------------

TEST_F(S3OverTls, IsMissedByWhoeverSpeaksInTheClear) {
    const tls_relay relay(s3.port(), issue());
    const auto store = files(options("http://127.0.0.1:" + std::to_string(relay.port())));
    try {
        wait(store.put("a", "hello"));
        ADD_FAILURE() << "it did not fail";
    } catch (const storage_error& e) {
        EXPECT_TRUE(says(e.what(), "where TLS is spoken there, S3_ENDPOINT begins with https://")) << e.what();
    }
    EXPECT_TRUE(s3.requests().empty());
}

TEST_F(S3OverTls, IsNotUnderstoodByAServerInTheClear) {
    const stub::server clear({.idle = 50ms}); // or it would wait for the end of the request
    const auto store = files(options("https://127.0.0.1:" + std::to_string(clear.port())));
    try {
        wait(store.put("a", "hello"));
        ADD_FAILURE() << "it did not fail";
    } catch (const storage_error& e) {
        EXPECT_TRUE(says(e.what(), "TLS")) << e.what();
        EXPECT_FALSE(e.uncertain()) << e.what();
    }
    EXPECT_TRUE(clear.requests().empty());
}

// --- Ends -------------------------------------------------------------------------------------------------------------

TEST_F(S3OverTls, GoesOnWhereABodyWasCut) {
    const auto text = bytes(1 << 20, 5);
    for (const auto end : {tls_end::told, tls_end::cut}) {
        const tls_relay relay(s3.port(), issue(), end);
        const auto store = files_at(relay);
        s3.faults().add({.op = "put", .times = 2, .what = trouble::cut_request, .at = 300'000});
        wait(store.put("a", text));
        const auto before = s3.requests_of("get").size();
        s3.faults().add({.op = "get", .times = 2, .what = trouble::cut_answer, .at = 300'000});
        EXPECT_TRUE(wait(store.get("a")).bytes == text);
        EXPECT_EQ(s3.requests_of("get").size(), before + 3);
        EXPECT_TRUE(says(s3.requests_of("get").back().header("range"), "bytes=600000-"));
    }
}

TEST_F(S3OverTls, SettlesACompleteWhoseAnswerIsLost) {
    for (const auto end : {tls_end::told, tls_end::cut})
        for (const auto what : {trouble::reset_after, trouble::cut_answer}) {
            const tls_relay relay(s3.port(), issue(), end);
            const auto large = bytes(2 * part_bytes + 1, 1);
            s3.faults().add({.op = "complete", .what = what});
            EXPECT_EQ(wait(files_at(relay).put("a", large)).size, large.size());
            EXPECT_TRUE(s3.s3().uploads().empty());
        }
}

TEST_F(S3OverTls, TriesAgainWhatIsLostInItsHandshake) {
    tls_relay relay(s3.port(), issue());
    relay.break_handshakes(3);
    wait(files_at(relay).put("a", "hello"));
    EXPECT_EQ(relay.accepted(), 4u);
    EXPECT_EQ(s3.requests_of("put").size(), 1u);
}

TEST_F(S3OverTls, DoesNotSeeConnectionsThatAreReset) {
    const tls_relay relay(s3.port(), issue());
    const auto store = files_at(relay);
    for (int i = 0; i < rounds(20, 200); ++i) {
        wait(store.put("a", std::to_string(i)));
        s3.drop_connections();
        EXPECT_EQ(wait(store.get("a")).bytes, std::to_string(i));
    }
}

} // namespace
} // namespace infra::storage
