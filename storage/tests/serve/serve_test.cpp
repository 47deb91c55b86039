// The routes, by a client that may not be honest.

#include "tests/fake_bucket.hpp"
#include "tests/serve/served.hpp"
#include "tests/support.hpp"

#include <infra/base/encoding.hpp>
#include <infra/storage/file.hpp>
#include <infra/storage/memory.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace infra::storage::serve {
namespace {

using namespace std::chrono_literals;
using http::method;

const std::string page = "<script>alert(1)</script>";

class ServedFiles : public ::testing::Test {
protected:
    void SetUp() override { serve({}); }

    void serve(serve_options serving, http::server_options server = {}, const std::string& prefix = "/storage") {
        files.reset();
        kept = make_memory_bucket({.public_url = served_files::public_url, .time = &time});
        files = std::make_unique<served_files>(kept, serving, server, prefix);
    }

    template <class T>
    T get(awaitable<T> operation) {
        return files->loop.get(std::move(operation));
    }
    void put(const std::string& key, const std::string& bytes, object_attributes attributes = {}) {
        get(kept->put({.key = key, .attributes = std::move(attributes)}, {.bytes = bytes}, deadline::never()));
    }
    std::optional<object_info> head(const std::string& key) {
        const auto found = files->loop.run(kept->head(key, {}, deadline::never()));
        return found->value;
    }
    std::uint64_t size(const std::string& key) {
        const auto found = head(key);
        return found ? found->size : 0;
    }
    std::string url(const std::string& key, signed_url_options options = {}, std::chrono::seconds expires = 10min) {
        return get(kept->sign(key, expires, std::move(options))).url;
    }
    std::string put_url(const std::string& key) { return url(key, {.method = method::put}); }
    outside_answer fetch(outside_request what) { return files->fetch(std::move(what)); }

    /// By hand: what comes behind the line and the host is the caller's.
    asio::ip::tcp::socket send_put(const std::string& key, const std::string& rest) {
        const auto whole = put_url(key);
        asio::ip::tcp::socket client(files->loop.io);
        client.connect({asio::ip::make_address("127.0.0.1"),
                        static_cast<std::uint16_t>(std::stoi(files->authority().substr(10)))});
        asio::write(client, asio::buffer("PUT " + whole.substr(whole.find("/storage")) +
                                         " HTTP/1.1\r\nHost: " + served_files::host + "\r\n" + rest));
        return client;
    }

    static std::string header(const outside_answer& of, std::string_view name) {
        return std::string(of.headers.get(name).value_or(""));
    }
    static std::string code_in(const outside_answer& of) {
        const auto begin = of.body.find("<Code>") + 6;
        return of.body.find("<Code>") == of.body.npos ? "" : of.body.substr(begin, of.body.find('<', begin) - begin);
    }

    manual_clock time;
    std::shared_ptr<bucket> kept;
    std::unique_ptr<served_files> files;
};

// --- Who is not honest ------------------------------------------------------------------------------------------

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const auto at = text.find(what);
    EXPECT_NE(at, text.npos) << what;
    return at == text.npos ? text : text.replace(at, what.size(), with);
}

struct attack {
    std::string name;
    std::function<void(outside_request&)> change;
};

std::function<void(outside_request&)> in_url(std::string what, std::string with) {
    return
        [what = std::move(what), with = std::move(with)](outside_request& r) { r.url = replaced(r.url, what, with); };
}

/// On the URL of a PUT of `in/a b.txt` with a pinned type.
const std::vector<attack> attacks = {
    {"another method", [](outside_request& r) { r.method = method::get; }},
    {"DELETE", [](outside_request& r) { r.method = method::delete_; }},
    {"HEAD", [](outside_request& r) { r.method = method::head, r.body.clear(); }},
    {"another key", in_url("/in/a%20b.txt", "/in/other.txt")},
    {"another directory", in_url("/in/a%20b.txt", "/out/a%20b.txt")},
    {"a longer key", in_url("/in/a%20b.txt", "/in/a%20b.txt/more")},
    {"the same key in other letters", in_url("/in/a%20b.txt", "/in/%61%20b.txt")},
    {"an encoded slash", in_url("/in/a%20b.txt", "/in%2Fa%20b.txt")},
    {"a plus for the space", in_url("/in/a%20b.txt", "/in/a+b.txt")},
    {"a step back", in_url("/in/a%20b.txt", "/in/x/../a%20b.txt")},
    {"an encoded step back", in_url("/in/a%20b.txt", "/in/x/%2e%2e/a%20b.txt")},
    {"a step that stays", in_url("/in/a%20b.txt", "/in/./a%20b.txt")},
    {"two slashes", in_url("/in/a%20b.txt", "/in//a%20b.txt")},
    {"slashes before the key", in_url("/storage/in", "/storage//in")},
    {"out of the store", in_url("/storage/in/a%20b.txt", "/storage/../../etc/passwd")},
    {"the prefix in other letters", in_url("/storage/", "/stor%61ge/")},
    {"a NUL", in_url("a%20b.txt", "a%20b.txt%00")},
    {"a longer time", in_url("X-Amz-Expires=600", "X-Amz-Expires=6000")},
    {"a pair more", [](outside_request& r) { r.url += "&response-content-type=text%2Fhtml"; }},
    {"a part of something", [](outside_request& r) { r.url += "&partNumber=1&uploadId=x"; }},
    {"a pair of the signature twice", [](outside_request& r) { r.url += "&X-Amz-Expires=600"; }},
    {"another signature beside it", [](outside_request& r) { r.url += "&X-Amz-Signature=" + std::string(64, '0'); }},
    {"other headers signed", in_url("content-type%3Bhost", "host")},
    {"another region", in_url("%2Flocal%2Fs3", "%2Fus-east-1%2Fs3")},
    {"another key id", in_url("Credential=local", "Credential=root")},
    {"no signature", [](outside_request& r) { r.url.resize(r.url.find('?')); }},
    {"an empty signature", [](outside_request& r) { r.url.resize(r.url.find("X-Amz-Signature=") + 16); }},
    {"a signature in a header",
     [](outside_request& r) {
         r.url.resize(r.url.find('?'));
         r.headers.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=local/20260101/local/s3/aws4_request, "
                                                 "SignedHeaders=host, Signature=" +
                                                     std::string(64, '0'));
     }},
    {"another type", [](outside_request& r) { r.headers = {{"Content-Type", "text/html"}}; }},
    {"two types", [](outside_request& r) { r.headers.emplace_back("Content-Type", "text/html"); }},
    {"no type", [](outside_request& r) { r.headers.clear(); }},
    {"metadata", [](outside_request& r) { r.headers.emplace_back("x-amz-meta-role", "admin"); }},
    {"a checksum", [](outside_request& r) { r.headers.emplace_back("x-amz-checksum-crc32c", "AAAAAA=="); }},
    {"another host", [](outside_request& r) { r.headers.emplace_back("Host", "evil.example"); }},
    {"a forwarded host",
     [](outside_request& r) {
         r.headers.emplace_back("Host", "evil.example");
         r.headers.emplace_back("X-Forwarded-Host", served_files::host);
     }},
};

TEST_F(ServedFiles, RefuseWhatNobodySigned) {
    put("in/a b.txt", "old");
    put("in/other.txt", "other");
    const auto made = get(kept->sign("in/a b.txt", 10min, {.method = method::put, .content_type = "text/plain"}));
    const outside_request honest{.method = method::put, .url = made.url, .headers = made.headers, .body = "new bytes"};
    for (const auto& a : attacks) {
        SCOPED_TRACE(a.name);
        auto bent = honest;
        a.change(bent);
        const auto answer = fetch(bent);
        EXPECT_TRUE(answer.status == 403 || (answer.status == 400 && a.name == "a NUL")) << answer.status;
        EXPECT_EQ(answer.body.find("old"), answer.body.npos);
        EXPECT_EQ(size("in/a b.txt"), 3u);
        EXPECT_EQ(size("in/other.txt"), 5u);
    }
    EXPECT_EQ(fetch(honest).status, 200);
    EXPECT_EQ(size("in/a b.txt"), 9u);
}

TEST_F(ServedFiles, SayWhyInTheWordsOfS3) {
    put("a", "x");
    const auto good = url("a");
    const struct {
        std::string url, code;
    } cases[] = {
        {good.substr(0, good.find('?')), "AccessDenied"},
        {replaced(good, "X-Amz-Expires=600", "X-Amz-Expires=0"), "AuthorizationQueryParametersError"},
        {replaced(good, "Credential=local", "Credential=root"), "InvalidAccessKeyId"},
        {replaced(good, "/a?", "/b?"), "SignatureDoesNotMatch"},
    };
    for (const auto& c : cases) {
        const auto answer = fetch({.url = c.url});
        EXPECT_EQ(answer.status, 403);
        EXPECT_EQ(code_in(answer), c.code);
        EXPECT_EQ(header(answer, "content-type"), "application/xml");
    }
    time.advance(11min);
    EXPECT_EQ(code_in(fetch({.url = good})), "AccessDenied");
    EXPECT_EQ(code_in(fetch({.url = url("none")})), "NoSuchKey");
}

TEST_F(ServedFiles, HaveNoOtherMethods) {
    for (const auto m : {method::patch, method::post}) {
        const auto answer = fetch({.method = m, .url = url("a")});
        EXPECT_EQ(answer.status, 405);
    }
    EXPECT_EQ(fetch({.url = served_files::public_url}).status, 405);
}

// --- Reading ----------------------------------------------------------------------------------------------------

TEST_F(ServedFiles, TellLengthAndPartsOfWhatIsLong) {
    const auto bytes = some_bytes(3'000'000);
    put("long.bin", bytes, {.content_type = "application/x-thing", .metadata = {{"user", "J\xc3\xb6rg"}}});
    const auto whole = fetch({.url = url("long.bin")});
    EXPECT_EQ(whole.status, 200);
    EXPECT_TRUE(whole.body == bytes);
    EXPECT_EQ(header(whole, "content-length"), "3000000");
    EXPECT_EQ(header(whole, "content-type"), "application/x-thing");
    EXPECT_EQ(header(whole, "x-amz-meta-user"), "J%C3%B6rg");
    EXPECT_EQ(header(whole, "x-content-type-options"), "nosniff");
    const auto part = fetch({.url = url("long.bin"), .headers = {{"Range", "bytes=1000000-1999999"}}});
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(header(part, "content-length"), "1000000");
    EXPECT_TRUE(part.body == bytes.substr(1'000'000, 1'000'000));
    const auto alone = fetch({.method = method::head, .url = url("long.bin", {.method = method::head})});
    EXPECT_EQ(header(alone, "content-length"), "3000000");
    EXPECT_EQ(header(alone, "etag"), header(whole, "etag"));
}

TEST_F(ServedFiles, LetNoBrowserRunWhatOthersPut) {
    put("in/page.html", page, {.content_type = "text/html", .content_disposition = "inline"});
    const auto answer = fetch({.url = url("in/page.html")});
    EXPECT_EQ(header(answer, "content-disposition"), "attachment");
    EXPECT_EQ(header(answer, "x-content-type-options"), "nosniff");
    const auto meant = fetch({.url = url("in/page.html", {.response_content_disposition = "inline"})});
    EXPECT_EQ(header(meant, "content-disposition"), "inline");
}

TEST_F(ServedFiles, AnswerConditionsThatDoNotHold) {
    put("a", "hello");
    const auto stale = fetch({.url = url("a"), .headers = {{"If-Match", "\"other\""}}});
    EXPECT_EQ(stale.status, 412);
    EXPECT_EQ(code_in(stale), "PreconditionFailed");
    const auto behind = fetch({.url = url("a"), .headers = {{"Range", "bytes=9-"}}});
    EXPECT_EQ(behind.status, 416);
    EXPECT_EQ(header(behind, "content-range"), "bytes */5");
    EXPECT_EQ(code_in(behind), "InvalidRange");
    const auto known = fetch({.url = url("a"), .headers = {{"If-None-Match", "\"" + head("a")->etag + "\""}}});
    EXPECT_EQ(known.status, 304);
    EXPECT_EQ(known.body, "");
    const auto kept_on = fetch({.method = method::delete_,
                                .url = url("a", {.method = method::delete_}),
                                .headers = {{"If-Match", "\"other\""}}});
    EXPECT_EQ(kept_on.status, 412);
    EXPECT_TRUE(head("a"));
}

// --- Writing ----------------------------------------------------------------------------------------------------

TEST_F(ServedFiles, TakeMoreThanAServerTakesOtherwise) {
    const auto bytes = some_bytes(5'000'000); // max_body_bytes is 1 MiB
    EXPECT_EQ(fetch({.method = method::put, .url = put_url("a"), .body = bytes}).status, 200);
    EXPECT_EQ(size("a"), 5'000'000u);
}

TEST_F(ServedFiles, KeepNothingOfWhatIsTooLong) {
    serve({.max_upload = 1000, .max_part = 500});
    const auto put_of = [&](std::size_t size) {
        return fetch({.method = method::put, .url = put_url("a"), .body = std::string(size, 'x')});
    };
    EXPECT_EQ(put_of(1000).status, 200);
    EXPECT_EQ(code_in(put_of(1001)), "EntityTooLarge");
    EXPECT_EQ(size("a"), 1000u);
    const auto upload = get(kept->begin_upload({.key = "b"}, deadline::never()));
    const auto part = get(kept->sign_part(upload, 1, 10min));
    EXPECT_EQ(code_in(fetch({.method = method::put, .url = part, .body = std::string(501, 'x')})), "EntityTooLarge");
}

TEST_F(ServedFiles, KeepNothingOfWhatIsNotWhatWasSaid) {
    const struct {
        std::string name, value, code;
    } cases[] = {{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==", "BadDigest"},
                 {"Content-MD5", "nonsense", "InvalidDigest"},
                 {"If-None-Match", "\"e1\"", "NotImplemented"},
                 {"If-Match", "\"e1\"", "PreconditionFailed"},
                 {"Content-Encoding", "aws-chunked", "NotImplemented"}};
    for (const auto& c : cases) {
        const auto answer =
            fetch({.method = method::put, .url = put_url("a"), .headers = {{c.name, c.value}}, .body = "hellO"});
        EXPECT_EQ(code_in(answer), c.code) << c.name;
        EXPECT_FALSE(head("a")) << c.name;
    }
    const auto right = fetch({.method = method::put,
                              .url = put_url("a"),
                              .headers = {{"Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="}},
                              .body = "hello"});
    EXPECT_EQ(right.status, 200);
    EXPECT_EQ(head("a")->content_type, "binary/octet-stream");
}

/// A client that is cut off in the middle.
TEST_F(ServedFiles, KeepTheOldObjectWhenTheClientGoesAway) {
    put("a", "old");
    auto client = send_put("a", "Content-Length: 1000000\r\n\r\n" + std::string(500'000, 'x'));
    files->loop.settle();
    client.close();
    files->loop.settle();
    EXPECT_EQ(size("a"), 3u);
    EXPECT_EQ(fetch({.url = url("a")}).body, "old");
}

TEST_F(ServedFiles, WantToKnowHowLongABodyIs) {
    put("a", "old");
    const auto answer_to = [this](const std::string& rest) {
        auto client = send_put("a", "Connection: close\r\n" + rest);
        std::string answer;
        bool is_over = false;
        asio::async_read(client, asio::dynamic_buffer(answer), [&](auto&&...) { is_over = true; });
        files->loop.until([&] { return is_over; });
        return answer;
    };
    const auto refused = answer_to("\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 411 ")) << refused;
    EXPECT_NE(refused.find("<Code>MissingContentLength</Code>"), std::string::npos) << refused;
    EXPECT_EQ(size("a"), 3u);
    EXPECT_TRUE(answer_to("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(size("a"), 5u);
    EXPECT_TRUE(answer_to("Content-Length: 0\r\n\r\n").starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(size("a"), 0u);
}

TEST_F(ServedFiles, KnowWhenAnUploadIsOver) {
    const auto upload = get(kept->begin_upload({.key = "a"}, deadline::never()));
    const auto part = get(kept->sign_part(upload, 1, 10min));
    EXPECT_EQ(fetch({.method = method::put, .url = part, .body = "hello"}).status, 200);
    files->loop.wait(kept->abort_upload(upload, deadline::never()));
    const auto late = fetch({.method = method::put, .url = part, .body = "hello"});
    EXPECT_EQ(late.status, 404);
    EXPECT_EQ(code_in(late), "NoSuchUpload");
}

// --- Forms ------------------------------------------------------------------------------------------------------

outside_request posted(const signed_form& form, const std::string& file, const std::string& name = "cat.png") {
    std::string body;
    for (const auto& [field, value] : form.fields)
        body += "--bound\r\nContent-Disposition: form-data; name=\"" + field + "\"\r\n\r\n" + value + "\r\n";
    body += "--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name + "\"\r\n\r\n" + file +
            "\r\n--bound--\r\n";
    return {.method = method::post,
            .url = form.url,
            .headers = {{"Content-Type", "multipart/form-data; boundary=bound"}},
            .body = std::move(body)};
}

TEST_F(ServedFiles, TakeFormsWithinTheirPolicy) {
    const post_policy policy{.key_prefix = "in/",
                             .min_size = 2,
                             .max_size = 2'000'000,
                             .content_type_prefix = "image/",
                             .fields = {{"x-amz-meta-user", "7"}, {"success_action_status", "201"}}};
    auto form = get(kept->sign_form(policy, 10min));
    form.fields["Content-Type"] = "image/png";
    const auto bytes = some_bytes(1'900'000);
    const auto answer = fetch(posted(form, bytes));
    EXPECT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(header(answer, "location"), served_files::public_url + "/in/cat.png");
    EXPECT_EQ(size("in/cat.png"), bytes.size());
    EXPECT_EQ(head("in/cat.png")->content_type, "image/png");
    EXPECT_EQ(head("in/cat.png")->metadata, (metadata_map{{"user", "7"}}));
}

struct form_attack {
    std::string name;
    std::function<void(signed_form&)> change;
    std::string code;
    std::string file = "bytes";
    std::string file_name = "a.png";
};

const std::vector<form_attack> form_attacks = {
    {"another key", [](signed_form& f) { f.fields["key"] = "out/a.png"; }, "AccessDenied"},
    {"a key that is none", [](signed_form& f) { f.fields["key"] = "in/../out/a.png"; }, "InvalidArgument"},
    {"a name that leads out", [](signed_form& f) { f.fields["key"] = "in/${filename}"; }, "InvalidArgument", "bytes",
     ".."},
    {"another bucket", [](signed_form& f) { f.fields["bucket"] = "other"; }, "AccessDenied"},
    {"another type", [](signed_form& f) { f.fields["Content-Type"] = "text/html"; }, "AccessDenied"},
    {"a field more", [](signed_form& f) { f.fields["x-amz-meta-role"] = "admin"; }, "AccessDenied"},
    {"a field of ours for another", [](signed_form& f) { f.fields["success_action_redirect"] = "https://evil"; },
     "AccessDenied"},
    {"another policy", [](signed_form& f) { f.fields["Policy"] = encoding::base64_encode("{}"); },
     "SignatureDoesNotMatch"},
    {"no policy", [](signed_form& f) { f.fields.erase("Policy"); }, "AccessDenied"},
    {"no signature", [](signed_form& f) { f.fields.erase("X-Amz-Signature"); }, "AccessDenied"},
    {"another key id", [](signed_form& f) { f.fields["X-Amz-Credential"] = "root/20260101/local/s3/aws4_request"; },
     "InvalidAccessKeyId"},
    {"too much", [](signed_form&) {}, "EntityTooLarge", std::string(1001, 'x')},
    {"too little", [](signed_form&) {}, "EntityTooSmall", "x"},
};

TEST_F(ServedFiles, RefuseFormsBeyondTheirPolicy) {
    const post_policy policy{.key_prefix = "in/", .min_size = 2, .max_size = 1000, .content_type = "image/png"};
    for (const auto& a : form_attacks) {
        SCOPED_TRACE(a.name);
        auto form = get(kept->sign_form(policy, 10min));
        a.change(form);
        EXPECT_EQ(code_in(fetch(posted(form, a.file, a.file_name))), a.code);
        EXPECT_TRUE(get(kept->list({}, deadline::never())).objects.empty());
    }
    const auto late = get(kept->sign_form(policy, 10min));
    time.advance(11min);
    EXPECT_EQ(code_in(fetch(posted(late, "bytes"))), "AccessDenied");
}

TEST_F(ServedFiles, KeepNothingOfAFormThatIsNone) {
    const auto form = get(kept->sign_form({.key = "a"}, 10min));
    auto cut = posted(form, "0123456789");
    cut.body.resize(cut.body.size() - 12);
    EXPECT_EQ(code_in(fetch(cut)), "IncompleteBody");
    auto other = posted(form, "x");
    other.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    EXPECT_EQ(fetch(other).status, 403);
    auto no_file = posted(form, "x");
    no_file.body = "--bound--\r\n";
    EXPECT_EQ(code_in(fetch(no_file)), "InvalidArgument");
    EXPECT_FALSE(head("a"));
}

// --- Where it is mounted ----------------------------------------------------------------------------------------

TEST_F(ServedFiles, MayBeMountedElsewhereThanBrowsersSeeThem) {
    serve({}, {}, "/");
    put("in/a b.txt", "hello");
    EXPECT_EQ(fetch({.url = replaced(url("in/a b.txt"), "/storage/", "/")}).body, "hello"); // as a proxy cuts it off
    auto form = get(kept->sign_form({.key = "b"}, 10min));
    form.url = replaced(form.url, "/storage", "/");
    EXPECT_EQ(fetch(posted(form, "x")).status, 204);
}

TEST_F(ServedFiles, BelieveAProxyThatIsTrusted) {
    serve({}, {.trusted_proxies = {"127.0.0.0/8"}});
    put("a", "hello");
    const auto through = [&](const std::string& forwarded) {
        return fetch({.url = url("a"), .headers = {{"Host", "inside:3000"}, {"X-Forwarded-Host", forwarded}}}).status;
    };
    EXPECT_EQ(through(served_files::host), 200);
    EXPECT_EQ(through("Files.Test:8080"), 200);
    EXPECT_EQ(through("evil.example"), 403);
}

TEST_F(ServedFiles, AnswerPagesFromElsewhereWhereTheServerAllowsIt) {
    serve({}, {.cors = http::cors_options{.origins = {"https://shop.example"}, .exposed_headers = {"etag"}}});
    const auto asked = fetch({.method = method::options,
                              .url = put_url("a"),
                              .headers = {{"Origin", "https://shop.example"},
                                          {"Access-Control-Request-Method", "PUT"},
                                          {"Access-Control-Request-Headers", "content-type"}}});
    EXPECT_EQ(asked.status, 204);
    EXPECT_NE(header(asked, "access-control-allow-methods").find("PUT"), std::string::npos);
    const auto answer = fetch(
        {.method = method::put, .url = put_url("a"), .headers = {{"Origin", "https://shop.example"}}, .body = "hello"});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "access-control-allow-origin"), "https://shop.example");
    EXPECT_EQ(header(answer, "access-control-expose-headers"), "etag");
}

TEST_F(ServedFiles, ServeKeysBelowAPrefixOfAStorage) {
    const storage tenant({.bucket = kept, .prefix = "tenants/7/"});
    get(tenant.put("a.txt", "hello"));
    EXPECT_EQ(fetch({.url = get(tenant.signed_url("a.txt", 10min))}).body, "hello");
}

TEST(AddSignedUrls, RefusesAStoreThatDoesNotSignForItself) {
    manual_clock time;
    http::router routes;
    const storage other({.bucket = std::make_shared<fake_bucket>(time)});
    EXPECT_THROW(add_signed_urls(routes, other), std::invalid_argument);
    const storage ours({.bucket = make_memory_bucket()});
    EXPECT_THROW(add_signed_urls(routes, ours, "/storage", {.max_upload = 0}), std::invalid_argument);
    EXPECT_THROW(add_signed_urls(routes, ours, "storage"), std::invalid_argument);
}

} // namespace
} // namespace infra::storage::serve
