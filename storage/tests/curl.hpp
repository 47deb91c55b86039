#pragma once

/// What somebody has who was sent a URL: curl.

#include "support.hpp"

#include <infra/storage/bucket.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace infra::storage {

/// Runs curl with `more` arguments beside the URL; its exit status, if not 0, is a failure of the test.
class curl {
public:
    explicit curl(std::string more = {}) : more_(std::move(more)) {}

    static bool is_there() { return std::system("curl --version >/dev/null 2>&1") == 0; }

    struct answer {
        int status = 0;
        std::string body{};
    };

    answer operator()(const std::string& url, const std::string& arguments = {}) const {
        const auto out = folder_ / "out";
        const auto command = "curl --silent --show-error --max-time 60 --globoff --path-as-is " + more_ + " " +
                             arguments + " --output '" + out.string() + "' --write-out '%{http_code}' '" + url + "'";
        auto* const pipe = ::popen(command.c_str(), "r");
        answer got;
        EXPECT_EQ(std::fscanf(pipe, "%d", &got.status), 1);
        EXPECT_EQ(::pclose(pipe), 0) << command.substr(0, command.find('?'));
        got.body = contents_of(out);
        std::filesystem::remove(out);
        return got;
    }

    /// `--request PUT` of these bytes with these header fields.
    std::string put(const std::string& bytes,
                    const std::vector<std::pair<std::string, std::string>>& headers = {}) const {
        std::string arguments = "--upload-file '" + folder_.write("in", bytes).string() + "'";
        for (const auto& [name, value] : headers)
            arguments += " --header '" + name + ": " + value + "'";
        return arguments;
    }

    /// `--form` of these fields, with the file last.
    std::string form(const std::map<std::string, std::string>& fields, const std::string& bytes) const {
        std::string arguments;
        for (const auto& [name, value] : fields)
            arguments += " --form-string '" + name + "=" + value + "'";
        return arguments + " --form 'file=@" + folder_.write("cat.png", bytes).string() + "'";
    }

private:
    std::string more_;
    temporary_folder folder_;
};

inline void hold_urls_to_curl(const std::shared_ptr<bucket>& store, const curl& run) {
    using namespace std::chrono_literals;
    using http::method;
    testing::test_loop loop;
    const auto sign = [&](const std::string& key, signed_url_options options) {
        return loop.get(store->sign(key, 10min, std::move(options)));
    };
    for (const std::string key :
         {"plain.txt", "a b/100%/+&=.txt", "\xc3\xa4/\xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x8e\x89", "(x)*!~@$,;:"}) {
        SCOPED_TRACE(key);
        const auto up = sign(key, {.method = method::put, .content_type = "text/x-thing", .content_length = 5});
        EXPECT_EQ(run(up.url, run.put("hello", up.headers)).status, 200);
        const auto found = loop.get(store->head(key, {}, deadline::never()));
        EXPECT_EQ(found.size, 5u);
        EXPECT_EQ(found.content_type, "text/x-thing");
        EXPECT_EQ(run(up.url, run.put("hello", {{"Content-Type", "text/html"}})).status, 403);
        EXPECT_EQ(run(up.url, run.put("hellooo", {{"Content-Type", "text/x-thing"}})).status, 403);
        const auto down = sign(key, {.response_content_disposition = "attachment; filename=\"a b.txt\""}).url;
        EXPECT_EQ(run(down).body, "hello");
        EXPECT_EQ(run(down, "--range 1-2").body, "el");
        EXPECT_EQ(run(down + "&x=1").status, 403);
        EXPECT_EQ(run(sign(key, {.method = method::head}).url, "--head").status, 200);
        EXPECT_EQ(run(down, "--request DELETE").status, 403);
        EXPECT_EQ(run(sign(key, {.method = method::delete_}).url, "--request DELETE").status, 204);
        EXPECT_EQ(run(down).status, 404);
    }
}

inline void hold_forms_to_curl(const std::shared_ptr<bucket>& store, const curl& run) {
    using namespace std::chrono_literals;
    testing::test_loop loop;
    auto form =
        loop.get(store->sign_form({.key_prefix = "in/", .max_size = 100, .content_type_prefix = "image/"}, 10min));
    form.fields["Content-Type"] = "image/png";
    EXPECT_EQ(run(form.url, run.form(form.fields, "meow")).status, 204);
    const auto found = loop.get(store->head("in/cat.png", {}, deadline::never()));
    EXPECT_EQ(found.size, 4u);
    EXPECT_EQ(found.content_type, "image/png");
    EXPECT_EQ(run(form.url, run.form(form.fields, std::string(101, 'x'))).status, 400);
    form.fields["key"] = "out/cat.png";
    EXPECT_EQ(run(form.url, run.form(form.fields, "meow")).status, 403);
}

} // namespace infra::storage
