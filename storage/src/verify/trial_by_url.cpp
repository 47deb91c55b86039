#include "trial.hpp"

#include <infra/storage/error.hpp>

#include <utility>

namespace infra::storage {
namespace {

constexpr std::chrono::seconds good_for{60};
constexpr std::string_view text_by_url = "Written by somebody with a signed URL.\n";

// Its URLs lead to a service, which need not run while the store is tried out.
bool is_served_by_us(const bucket& of) { return of.name() == "file" || of.name() == "memory"; }

bool is_good(int status) noexcept { return status >= 200 && status < 300; }

// What S3 and its kin say: `<Error><Code>AccessDenied</Code>…`. No more of it is shown, since it may repeat the URL.
std::string word_of(const fetch_answer& answer) {
    const auto begin = answer.body.find("<Code>");
    const auto end = answer.body.find("</Code>");
    auto said = "the answer is " + std::to_string(answer.status);
    if (begin == std::string::npos || end == std::string::npos || end < begin || end - begin > 70)
        return said;
    return said + " " + answer.body.substr(begin + 6, end - begin - 6);
}

void expect_good(const fetch_answer& answer) {
    if (!is_good(answer.status))
        throw finding(outcome::failed, word_of(answer));
}

std::string posted(const signed_form& form, const std::string& boundary, std::string_view bytes) {
    std::string body;
    for (const auto& [name, value] : form.fields)
        body += "--" + boundary + "\r\ncontent-disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    body += "--" + boundary + "\r\ncontent-disposition: form-data; name=\"file\"; filename=\"probe.txt\"\r\n" +
            "content-type: text/plain\r\n\r\n";
    return body.append(bytes).append("\r\n--" + boundary + "--\r\n");
}

} // namespace

awaitable<fetch_answer> trial::follow(http::method method, signed_request with, std::string body) {
    try {
        co_return co_await fetch_(
            {.method = method, .url = std::move(with.url), .headers = std::move(with.headers), .body = std::move(body)},
            limit_);
    } catch (const error& e) {
        if (e.code() == infra::errc::unavailable && is_served_by_us(*files_.bucket()))
            throw finding(outcome::skipped,
                          "nobody answers where its URLs lead: start the service, or set STORAGE_PUBLIC_URL");
        throw;
    }
}

awaitable<fetch_answer> trial::follow(http::method method, std::string key, signed_url_options how, std::string body) {
    how.method = method;
    auto with = co_await files_.sign(std::move(key), good_for, std::move(how));
    co_return co_await follow(method, std::move(with), std::move(body));
}

awaitable<std::string> trial::signed_get() {
    const auto key = probe("probe.txt");
    const auto bytes = co_await read(key);
    const std::string as = "attachment; filename=\"b.txt\"";
    const auto answer = co_await follow(http::method::get, key, {.response_content_disposition = as});
    expect_good(answer);
    expect(answer.body == bytes, "other bytes came than the object has");
    auto bare = co_await files_.sign(key, good_for, {});
    bare.url.resize(bare.url.find('?'));
    const auto unsigned_answer = co_await follow(http::method::get, std::move(bare), {});
    if (answer.headers.get("content-disposition") != as)
        throw finding(outcome::missing, "it does not answer with the content-disposition that the URL says");
    co_return is_good(unsigned_answer.status) ? "anybody can read it without a signature too" : "";
}

awaitable<std::string> trial::signed_head() {
    const auto answer = co_await follow(http::method::head, probe("probe.txt"), {});
    expect_good(answer);
    co_return "";
}

awaitable<std::string> trial::signed_put() {
    const auto key = probe("put-by-url.txt");
    expect_good(co_await follow(http::method::put, key, {}, std::string(text_by_url)));
    expect(co_await read(key) == text_by_url, "other bytes are there than were sent to the URL");
    co_return "";
}

awaitable<std::string> trial::pinned_type() {
    const auto key = probe("pinned.png");
    auto with = co_await files_.sign(key, good_for, {.method = http::method::put, .content_type = "image/png"});
    expect_good(co_await follow(http::method::put, with, std::string(text_by_url)));
    with.headers = {{"content-type", "text/html"}};
    const auto other = co_await follow(http::method::put, with, std::string(text_by_url));
    expect(!is_good(other.status), "it takes another content type than the URL pins");
    co_return "";
}

awaitable<std::string> trial::pinned_checksum() {
    const auto key = probe("pinned.txt");
    const signed_url_options how{.method = http::method::put,
                                 .checksum = checksum_of(text_by_url, files_.traits().sum)};
    const auto damaged = co_await follow(http::method::put, key, how, std::string(text_by_url.size(), '?'));
    if (is_good(damaged.status))
        throw finding(outcome::missing, "it takes other bytes than the URL pins; check what was put by others");
    expect_good(co_await follow(http::method::put, key, how, std::string(text_by_url)));
    co_return "";
}

awaitable<std::string> trial::signed_delete() {
    const auto key = probe("deleted-by-url.txt");
    co_await put_probe("deleted-by-url.txt", std::string(text_by_url));
    expect_good(co_await follow(http::method::delete_, key, {}));
    expect(!(co_await files_.exists(key)), "the object is there still");
    co_return "";
}

awaitable<std::string> trial::signed_form_post() {
    const auto key = probe("posted.txt");
    const auto form = co_await files_.signed_form_for({.key = key, .max_size = 1000}, good_for);
    const std::string boundary = "----infra-verify-6f1d";
    const auto post = [&](std::string bytes) {
        return follow(http::method::post,
                      signed_request{form.url, {{"content-type", "multipart/form-data; boundary=" + boundary}}},
                      posted(form, boundary, bytes));
    };
    const auto answer = co_await post(std::string(text_by_url));
    if (!is_good(answer.status))
        throw finding(outcome::missing, word_of(answer) + "; let browsers PUT to a signed URL instead");
    expect(co_await read(key) == text_by_url, "other bytes are there than were posted");
    const auto large = co_await post(std::string(1001, 'x'));
    expect(!is_good(large.status), "it takes more bytes than the form allows");
    co_return "";
}

} // namespace infra::storage
