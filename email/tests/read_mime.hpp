#pragma once

/// A mail's words as Python's `email` package reads them, for transport_conformance.hpp.

#include "tests/transport_conformance.hpp"

#include <infra/base/encoding.hpp>

namespace infra::email {

inline words read_mime(const std::string& mime) {
    static constexpr const char* script = R"(
import base64, email, email.policy, json, sys
mail = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
text = mail.get_body(preferencelist=('plain',))
files = [part for part in mail.walk() if part.get_filename()]
json.dump({'subject': str(mail['Subject']),
           'text': text.get_payload(decode=True).decode('utf-8').replace('\r\n', '\n'),
           'attachments': [[part.get_filename(), base64.b64encode(part.get_payload(decode=True)).decode()]
                           for part in files]}, sys.stdout)
)";
    const temporary_folder place;
    place.write("mail", mime);
    place.write("script", script);
    auto* const pipe =
        ::popen(("python3 '" + (place / "script").string() + "' '" + (place / "mail").string() + "'").c_str(), "r");
    std::string out;
    char buffer[65536];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        out.append(buffer, n);
    EXPECT_EQ(::pclose(pipe), 0) << "python3 could not read it";
    const auto read = json::parse(out, {.max_bytes = out.size() + 1}).value();
    words made{.subject = std::string(read.at("subject").as_string()),
               .text = std::string(read.at("text").as_string())};
    for (const auto& each : read.at("attachments").as_array())
        made.attachments.emplace_back(std::string(each.at(0).as_string()),
                                      encoding::base64_decode(std::string(each.at(1).as_string())).value());
    return made;
}

} // namespace infra::email
