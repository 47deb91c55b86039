// libFuzzer's way into from_mime: `email_read_fuzz [-max_total_time=60] [corpus folder]`. Two bytes of its input say where in a mail the
// rest is written, and one how much of the mail that takes away. What is read is a mail that can be written and read again as the same.

#include <infra/base/error.hpp>
#include <infra/email/mime.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

namespace email = infra::email;

const std::string& sample() {
    static const std::string text =
        email::to_mime({.id = "0190",
                        .from = email::address::named("Shop", "shop@example.org"),
                        .to = {email::address::named("Lee, \"Ann\"", "ann@example.org"),
                               email::address::named("Grüße", "b@example.org")},
                        .cc = {"c@example.org"},
                        .bcc = {"d@example.org"},
                        .subject = "Grüße",
                        .html = "<p>ü</p>\n",
                        .text = "ü\n",
                        .attachments = {{.filename = "übersicht.pdf", .content = "x"},
                                        {.filename = "a b.png", .content = "y", .content_id = "logo"}},
                        .headers = {{"X-Further", "more"}},
                        .tags = {{"kind", "test"}},
                        .topic_id = "topic",
                        .scheduled_at = infra::wall_time()},
                       {.senders_copy = true});
    return text;
}

void require(bool holds, const char* promise, const std::string& seen) {
    if (holds)
        return;
    std::fprintf(stderr, "a promise was broken: %s\n%s\n", promise, seen.c_str());
    std::abort();
}

std::string written(const email::mail& m) { return email::to_mime(m, {.senders_copy = true}); }

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3)
        return 0;
    auto text = sample();
    const auto at = (std::size_t{data[0]} << 8 | data[1]) % text.size();
    text.replace(at, data[2], reinterpret_cast<const char*>(data + 3), size - 3);
    email::mail read{.from = ""};
    try {
        read = email::from_mime(text);
    } catch (const infra::error& e) {
        require(e.code() == infra::errc::invalid_input, "what is not ours is refused as such", e.what());
        return 0;
    }
    std::string again;
    try {
        again = written(read);
    } catch (const infra::error& e) { // a field's name alone may be too long for a line with encoded words
        require(e.code() == email::errc::bad_header, "what is read can be written", text);
        return 0;
    }
    require(written(email::from_mime(again)) == again, "and read again as the same", text);
    return 0;
}
