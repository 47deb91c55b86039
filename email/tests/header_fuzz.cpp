// libFuzzer's way into the header: `email_header_fuzz [-max_total_time=60] [corpus folder]`. Its input, cut at each byte 255,
// is what fields are made of. What is composed has the fields that were asked for, folded and not one more, whatever they hold.

#include "tests/fuzz.hpp"

#include <infra/email/error.hpp>
#include <infra/email/mime.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace {

namespace email = infra::email;
using email::require;

class pieces {
public:
    explicit pieces(std::string_view input) : rest_(input) {}
    std::string next() {
        const auto end = std::min(rest_.find('\xff'), rest_.size());
        const std::string piece(rest_.substr(0, end));
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return piece;
    }

private:
    std::string_view rest_;
};

email::mail made_of(pieces p) {
    return {.id = "0190",
            .from = email::address::named(p.next(), "shop@example.org"),
            .to = {email::address::named(p.next(), "ann@example.org"), email::address::named(p.next(), p.next())},
            .subject = p.next(),
            .text = "t",
            .attachments = {{.filename = p.next(), .content = "x", .content_id = p.next()}},
            .headers = {{"X-Further", p.next()}}};
}

// Lines that begin a field; all others of a header are folded.
std::vector<std::string> fields_of(std::string_view header) {
    std::vector<std::string> names;
    while (!header.empty()) {
        const auto line = header.substr(0, header.find("\r\n"));
        header.remove_prefix(line.size() + 2);
        require(line.size() <= 998 && !line.empty(), "a line has 1 to 998 characters", std::string(line));
        require(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos, "and no break in it",
                std::string(line));
        if (line[0] != ' ' && line[0] != '\t')
            names.emplace_back(line.substr(0, line.find(':')));
    }
    return names;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto m = made_of(pieces({reinterpret_cast<const char*>(data), size}));
    std::string text;
    try {
        text = email::to_mime(m);
    } catch (const infra::error& e) {
        require(e.code() == email::errc::bad_header, "what cannot be a header is refused as such", e.what());
        return 0;
    }
    const auto header = text.substr(0, text.find("\r\n\r\n") + 2);
    const std::vector<std::string> expected{"Date",       "From",      "To",           "Subject",
                                            "Message-ID", "X-Further", "MIME-Version", "Content-Type"};
    require(fields_of(header) == expected, "a mail has the fields that were asked for", header);
    return 0;
}
