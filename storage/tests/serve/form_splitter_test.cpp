#include "src/serve/form_splitter.hpp"
#include "src/serve/refusal.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace infra::storage::serve {
namespace {

std::string part(const std::string& disposition, const std::string& value, const std::string& more = "") {
    return "--bound\r\nContent-Disposition: form-data; " + disposition + "\r\n" + more + "\r\n" + value + "\r\n";
}

const std::string whole = part("name=\"key\"", "in/${filename}") + part("name=\"empty\"", "") +
                          part("NAME=plain; x=y", "a\r\nb") +
                          part("name=\"file\"; filename=\"C:\\dir\\c at.png\"",
                               "two\r\nlines\r\n--boun\r\n-bound\r-\r\n", "content-type:  image/png \r\n") +
                          part("name=\"behind\"", "ignored") + "--bound--\r\n";

struct result {
    std::vector<std::pair<std::string, std::string>> fields;
    form_item file;
    std::string bytes;
    bool over = false;
    std::string refused_as;
};

/// Fed so many bytes at a time.
result split(const std::string& body, std::size_t step) {
    result got;
    form_splitter form("bound");
    try {
        for (std::size_t at = 0; at < body.size(); at += step) {
            form.feed(std::string_view(body).substr(at, step));
            while (auto item = form.next())
                if (item->is_file)
                    got.file = *item;
                else
                    got.fields.emplace_back(item->name, item->value);
            while (auto bytes = form.next_bytes())
                got.bytes += *bytes;
        }
    } catch (const refused& e) {
        got.refused_as = e.why().code;
    }
    got.over = form.is_over();
    return got;
}

TEST(FormSplitter, FindsFieldsAndFileHoweverTheBytesCome) {
    for (std::size_t step = 1; step <= whole.size(); ++step) {
        SCOPED_TRACE(step);
        const auto got = split(whole, step);
        ASSERT_EQ(got.refused_as, "");
        ASSERT_EQ(got.fields, (std::vector<std::pair<std::string, std::string>>{
                                  {"key", "in/${filename}"}, {"empty", ""}, {"plain", "a\r\nb"}}));
        ASSERT_EQ(got.bytes, "two\r\nlines\r\n--boun\r\n-bound\r-\r\n");
        ASSERT_EQ(got.file.file_name, "c at.png");
        ASSERT_EQ(got.file.content_type, "image/png");
        ASSERT_TRUE(got.over);
    }
}

TEST(FormSplitter, IsNotOverWhereTheFileWasCutOff) {
    const auto body = part("name=\"key\"", "a") + part("name=\"file\"", "0123456789");
    for (std::size_t size = 0; size < body.size(); ++size)
        EXPECT_FALSE(split(body.substr(0, size), 7).over) << size;
}

TEST(FormSplitter, TakesAFileOfNoBytes) {
    const auto got = split(part("name=\"file\"; filename=\"a\"", "") + "--bound--", 3);
    EXPECT_TRUE(got.over);
    EXPECT_EQ(got.bytes, "");
}

TEST(FormSplitter, RefusesWhatIsNoForm) {
    const std::string file = part("name=\"file\"", "x");
    const struct {
        std::string body, code;
    } bad[] = {
        {"key=a&file=b", "MalformedPOSTRequest"},
        {"\r\n" + file, "MalformedPOSTRequest"},
        {"--other\r\n", "MalformedPOSTRequest"},
        {"--bound\nx", "MalformedPOSTRequest"},
        {"--boundary\r\n", "MalformedPOSTRequest"},
        {"--bound\r\nContent-Type: text/plain\r\n\r\nx\r\n", "MalformedPOSTRequest"},
        {"--bound\r\nContent-Disposition: form-data\r\n\r\nx\r\n", "MalformedPOSTRequest"},
        {part("name=\"a\"", "x") + "--bound--\r\n", "InvalidArgument"},
        {part("name=\"a\"", std::string(form_splitter::max_before_file, 'x')) + file, "MaxPostPreDataLengthExceeded"},
        {"--bound\r\n" + std::string(form_splitter::max_before_file + 1, 'x'), "MaxPostPreDataLengthExceeded"},
    };
    for (const auto& b : bad)
        for (const std::size_t step : {1u, 64u, 1u << 20})
            EXPECT_EQ(split(b.body, step).refused_as, b.code) << b.body.substr(0, 80);
    std::string many;
    for (std::size_t i = 0; i <= form_splitter::max_fields; ++i)
        many += part("name=\"a\"", "x");
    EXPECT_EQ(split(many, 100).refused_as, "MalformedPOSTRequest");
}

TEST(FormSplitter, HoldsNoMoreThanItWasFedOfALongFile) {
    form_splitter form("bound");
    form.feed("--bound\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n");
    ASSERT_TRUE(form.next());
    std::size_t given = 0;
    for (int i = 0; i < 1000; ++i) {
        form.feed(std::string(10'000, '\r'));
        while (const auto bytes = form.next_bytes()) {
            EXPECT_LE(bytes->size(), 20'000u);
            given += bytes->size();
        }
    }
    EXPECT_GT(given, 9'980'000u);
}

TEST(FormSplitter, KnowsItsBoundary) {
    EXPECT_EQ(boundary_of("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(boundary_of("Multipart/Form-Data ;charset=utf-8; Boundary=\"a b;c\""), "a b;c");
    for (const std::string bad : {"", "text/plain; boundary=a", "multipart/form-data",
                                  "multipart/form-data; boundary=", "multipart/form-data; bound=a"})
        EXPECT_EQ(boundary_of(bad), std::nullopt) << bad;
    EXPECT_EQ(boundary_of("multipart/form-data; boundary=" + std::string(71, 'a')), std::nullopt);
}

} // namespace
} // namespace infra::storage::serve
