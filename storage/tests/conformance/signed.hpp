#pragma once

#include "subject.hpp"

namespace infra::storage {

/// What somebody without our keys can do with what we signed.
class BucketSigned : public BucketConformance {
protected:
    void SetUp() override {
        BucketConformance::SetUp();
        if (!IsSkipped() && !subject.fetch)
            GTEST_SKIP() << "nobody serves its signed URLs here";
    }

    signed_request sign(std::string_view name, signed_url_options options = {},
                        std::chrono::seconds expires = std::chrono::minutes(10)) {
        return get(subject.object->sign(at(name), expires, std::move(options)));
    }
    outside_answer fetch(http::method method, const signed_request& with, std::string body = {}) {
        return subject.fetch({.method = method, .url = with.url, .headers = with.headers, .body = std::move(body)});
    }
    static std::string header(const outside_answer& of, std::string_view name) {
        return std::string(of.headers.get(name).value_or(""));
    }
};

TEST_P(BucketSigned, GetsWork) {
    auto what = request("a.txt", "hello");
    what.attributes.content_type = "text/plain";
    get(subject.object->put(what, {.bytes = "hello"}, soon()));
    const auto answer = fetch(http::method::get, sign("a.txt"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(header(answer, "content-type"), "text/plain");
    EXPECT_EQ(header(answer, "etag"), "\"" + head("a.txt").etag + "\"");
}

TEST_P(BucketSigned, GetsWorkForEveryKey) {
    for (const char* name : {"a b.txt", "100%.txt", "a+b=c&d", "a%2Fb", "ä/世界 🎉", "(x)'*!~"}) {
        SCOPED_TRACE(name);
        put(name, name);
        const auto answer = fetch(http::method::get, sign(name));
        EXPECT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, name);
    }
}

TEST_P(BucketSigned, GetsTakeRangesAndConditions) {
    const auto etag = put("digits", "0123456789").etag;
    auto part = sign("digits");
    part.headers.emplace_back("range", "bytes=2-4");
    const auto answer = fetch(http::method::get, part);
    EXPECT_EQ(answer.status, 206);
    EXPECT_EQ(answer.body, "234");
    EXPECT_EQ(header(answer, "content-range"), "bytes 2-4/10");
    auto known = sign("digits");
    known.headers.emplace_back("if-none-match", "\"" + etag + "\"");
    EXPECT_EQ(fetch(http::method::get, known).status, 304);
    auto behind = sign("digits");
    behind.headers.emplace_back("range", "bytes=10-");
    EXPECT_EQ(fetch(http::method::get, behind).status, 416);
}

TEST_P(BucketSigned, GetsSayWhatTheAnswerIsToSay) {
    put("a", "hello");
    const auto answer =
        fetch(http::method::get, sign("a", {.response_content_type = "text/csv",
                                            .response_content_disposition = "attachment; filename=\"b c.csv\"",
                                            .response_cache_control = "no-store"}));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "content-type"), "text/csv");
    EXPECT_EQ(header(answer, "content-disposition"), "attachment; filename=\"b c.csv\"");
    EXPECT_EQ(header(answer, "cache-control"), "no-store");
}

TEST_P(BucketSigned, GetsOfNothingFindNothing) { EXPECT_EQ(fetch(http::method::get, sign("none")).status, 404); }

TEST_P(BucketSigned, HeadsWork) {
    put("a", "hello");
    const auto answer = fetch(http::method::head, sign("a", {.method = http::method::head}));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(header(answer, "content-length"), "5");
}

TEST_P(BucketSigned, DeletesWork) {
    put("a", "hello");
    EXPECT_EQ(fetch(http::method::delete_, sign("a", {.method = http::method::delete_})).status, 204);
    EXPECT_FALSE(exists("a"));
}

TEST_P(BucketSigned, PutsWork) {
    const auto bytes = some_bytes(300'000);
    const auto answer = fetch(http::method::put, sign("a", {.method = http::method::put}), bytes);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(header(answer, "etag"), "\"" + head("a").etag + "\"");
    EXPECT_TRUE(read("a") == bytes);
}

TEST_P(BucketSigned, PutsAreHeldToTheTypeThatWasPinned) {
    auto with = sign("a.png", {.method = http::method::put, .content_type = "image/png"});
    EXPECT_EQ(fetch(http::method::put, with, "hello").status, 200);
    EXPECT_EQ(head("a.png").content_type, "image/png");
    remove("a.png");
    for (auto& [name, value] : with.headers)
        if (name == "content-type" || name == "Content-Type")
            value = "text/html";
    EXPECT_EQ(fetch(http::method::put, with, "hello").status, 403);
    with.headers.clear();
    EXPECT_EQ(fetch(http::method::put, with, "hello").status, 403);
    EXPECT_FALSE(exists("a.png"));
}

TEST_P(BucketSigned, PutsAreHeldToTheLengthThatWasPinned) {
    const auto with = sign("a", {.method = http::method::put, .content_length = 5});
    EXPECT_EQ(fetch(http::method::put, with, "hello").status, 200);
    remove("a");
    auto others = with;
    std::erase_if(others.headers, [](const auto& each) { return each.first.size() == 14; }); // content-length
    EXPECT_EQ(fetch(http::method::put, others, "hello!").status, 403);
    EXPECT_FALSE(exists("a"));
}

TEST_P(BucketSigned, PutsAreHeldToTheChecksumThatWasPinned) {
    if (!can.keeps_checksums)
        GTEST_SKIP() << "it keeps none";
    const auto with = sign("a", {.method = http::method::put, .checksum = sum_of("hello")});
    EXPECT_EQ(fetch(http::method::put, with, "hellO").status, 400);
    EXPECT_FALSE(exists("a"));
    EXPECT_EQ(fetch(http::method::put, with, "hello").status, 200);
    EXPECT_EQ(head("a").checksum, sum_of("hello"));
}

TEST_P(BucketSigned, PutsMayCreateOnlyWhatIsNotThere) {
    if (!can.conditional_writes)
        GTEST_SKIP() << "it has no conditional writes";
    const auto with = sign("a", {.method = http::method::put, .if_absent = true});
    EXPECT_EQ(fetch(http::method::put, with, "first").status, 200);
    EXPECT_EQ(fetch(http::method::put, with, "second").status, 412);
    EXPECT_EQ(read("a"), "first");
}

TEST_P(BucketSigned, UrlsAreGoodForTheirMethodAlone) {
    put("a", "hello");
    const auto with = sign("a");
    EXPECT_EQ(fetch(http::method::put, with, "hellO").status, 403);
    EXPECT_EQ(fetch(http::method::delete_, with).status, 403);
    EXPECT_EQ(read("a"), "hello");
}

TEST_P(BucketSigned, UrlsAreGoodForTheirKeyAlone) {
    put("mine.txt", "hello");
    put("yours.txt", "secret");
    auto with = sign("mine.txt");
    const auto name = with.url.find("mine.txt");
    ASSERT_NE(name, std::string::npos);
    with.url.replace(name, 8, "yours.txt");
    const auto answer = fetch(http::method::get, with);
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
}

TEST_P(BucketSigned, UrlsAreRefusedWithoutTheirSignature) {
    put("a", "hello");
    auto with = sign("a");
    with.url.resize(with.url.find('?'));
    EXPECT_EQ(fetch(http::method::get, with).status, 403);
    with = sign("a");
    auto& last = with.url.back();
    last = last == '0' ? '1' : '0';
    EXPECT_EQ(fetch(http::method::get, with).status, 403);
}

TEST_P(BucketSigned, UrlsExpire) {
    if (!subject.advance)
        GTEST_SKIP() << "its time is the machine's";
    put("a", "hello");
    const auto with = sign("a", {}, std::chrono::seconds(60));
    subject.advance(std::chrono::seconds(59));
    EXPECT_EQ(fetch(http::method::get, with).status, 200);
    subject.advance(std::chrono::seconds(3));
    EXPECT_EQ(fetch(http::method::get, with).status, 403);
}

/// A browser's form, with the file last.
inline outside_request posted(const signed_form& form, std::string_view filename, std::string_view type,
                              std::string_view bytes) {
    const std::string boundary = "----conformance7d1f";
    std::string body;
    for (const auto& [name, value] : form.fields)
        body += "--" + boundary + "\r\ncontent-disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    body.append("--" + boundary + "\r\ncontent-disposition: form-data; name=\"file\"; filename=\"").append(filename);
    body.append("\"\r\ncontent-type: ").append(type).append("\r\n\r\n").append(bytes);
    body += "\r\n--" + boundary + "--\r\n";
    return {.method = http::method::post,
            .url = form.url,
            .headers = {{"content-type", "multipart/form-data; boundary=" + boundary}},
            .body = std::move(body)};
}

TEST_P(BucketSigned, FormsPutOneObject) {
    if (!can.signs_forms)
        GTEST_SKIP() << "it takes no forms";
    const auto form = get(
        subject.object->sign_form({.key = at("in/a.txt"), .min_size = 2, .max_size = 10}, std::chrono::minutes(10)));
    const auto answer = subject.fetch(posted(form, "local.txt", "text/plain", "hello"));
    EXPECT_GE(answer.status, 200);
    EXPECT_LT(answer.status, 300);
    EXPECT_EQ(read("in/a.txt"), "hello");
    EXPECT_EQ(subject.fetch(posted(form, "local.txt", "text/plain", "far too much of it")).status, 400);
    EXPECT_EQ(subject.fetch(posted(form, "local.txt", "text/plain", "x")).status, 400);
    EXPECT_EQ(read("in/a.txt"), "hello");
}

TEST_P(BucketSigned, FormsAreGoodForTheirKeyAlone) {
    if (!can.signs_forms)
        GTEST_SKIP() << "it takes no forms";
    auto form = get(subject.object->sign_form({.key = at("a")}, std::chrono::minutes(10)));
    form.fields["key"] = at("b");
    EXPECT_EQ(subject.fetch(posted(form, "local.txt", "text/plain", "hello")).status, 403);
    EXPECT_FALSE(exists("b"));
}

TEST_P(BucketSigned, FormsTakeAnyNameBelowAPrefix) {
    if (!can.signs_forms)
        GTEST_SKIP() << "it takes no forms";
    const auto form = get(subject.object->sign_form(
        {.key_prefix = at("in/") + "${filename}", .content_type_prefix = "image/"}, std::chrono::minutes(10)));
    auto filled = form;
    filled.fields["key"] = at("in/") + "${filename}";
    filled.fields["Content-Type"] = "image/png";
    const auto answer = subject.fetch(posted(filled, "cat.png", "image/png", "meow"));
    EXPECT_GE(answer.status, 200);
    EXPECT_LT(answer.status, 300);
    EXPECT_EQ(read("in/cat.png"), "meow");
    filled.fields["Content-Type"] = "text/html";
    EXPECT_EQ(subject.fetch(posted(filled, "dog.png", "image/png", "woof")).status, 403);
    EXPECT_FALSE(exists("in/dog.png"));
}

TEST_P(BucketSigned, PartsMakeAnObject) {
    const auto upload = get(subject.object->begin_upload({.key = at("a")}, soon()));
    const auto first = some_bytes(5 << 20), second = some_bytes(77, 2);
    int number = 0;
    for (const auto& bytes : {first, second}) {
        const auto url = get(subject.object->sign_part(upload, ++number, std::chrono::minutes(10)));
        const auto answer = subject.fetch({.method = http::method::put, .url = url, .body = bytes});
        EXPECT_EQ(answer.status, 200);
        EXPECT_FALSE(header(answer, "etag").empty());
    }
    const auto parts = get(subject.object->list_parts(upload, soon()));
    ASSERT_EQ(parts.size(), 2u);
    get(subject.object->complete_upload(upload, parts, {.key = at("a")}, soon()));
    EXPECT_TRUE(read("a") == first + second);
}

} // namespace infra::storage
