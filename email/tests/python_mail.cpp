#include "python_mail.hpp"

#include "tests/support.hpp"

#include <infra/base/json.hpp>

#include <gtest/gtest.h>

#include <cstdio>

namespace infra::email {
namespace {

constexpr std::string_view mail_reader = R"(
import email, email.header, email.policy, email.utils, json, sys

# The newer parser (policy.default) puts a space between the encoded words of one name; the older one does not.
def recipients(header):
    return [[str(email.header.make_header(email.header.decode_header(name))), address]
            for name, address in email.utils.getaddresses([''.join(header.splitlines())])]

def read(path):
    with open(path, 'rb') as file:
        bytes = file.read()
    mail = email.message_from_bytes(bytes, policy=email.policy.default)
    plain = email.message_from_bytes(bytes)
    defects = [str(d) for part in mail.walk() for d in part.defects]
    addresses = {}
    for name, value in mail.items():
        defects += [name + ': ' + str(d) for d in value.defects]
        if hasattr(value, 'addresses'):
            addresses[name] = recipients(plain[name])
            defects += [name + ': read in two ways'] * (
                [a.addr_spec for a in value.addresses] != [a for _, a in addresses[name]])
    leaves = []
    for part in mail.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            text = part.get_content_maintype() == 'text' and part.get_content_disposition() is None
            leaves.append({'type': part.get_content_type(), 'disposition': part.get_content_disposition() or '',
                           'filename': part.get_filename() or '', 'cid': part['Content-ID'] or '',
                           'charset': part.get_content_charset() or '',
                           'content': content.decode('utf-8').replace('\r\n', '\n') if text else content.hex()})
    return {'headers': [[n, str(v)] for n, v in mail.items()], 'addresses': addresses, 'leaves': leaves,
            'tree': ' '.join(part.get_content_type() for part in mail.walk()), 'defects': defects}

json.dump([read(path) for path in sys.argv[1:]], sys.stdout)
)";

} // namespace

std::vector<read_mail> read_files(const std::vector<std::string>& paths) {
    const temporary_folder place;
    place.write("reader.py", mail_reader);
    auto command = "python3 '" + place.string() + "/reader.py'";
    for (const auto& each : paths)
        command += " '" + each + "'";
    auto* const pipe = ::popen(command.c_str(), "r");
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        out += static_cast<char>(c);
    EXPECT_EQ(::pclose(pipe), 0);
    return json::parse<std::vector<read_mail>>(out, {.max_bytes = out.size() + 1, .max_depth = 32}).value();
}

std::vector<read_mail> read_back(const std::vector<mail>& mails, mime_options options) {
    const temporary_folder place;
    std::vector<std::string> paths;
    for (const auto& each : mails) {
        const auto name = std::to_string(paths.size()) + ".eml";
        place.write(name, to_mime(each, options));
        paths.push_back((place / name).string());
    }
    return read_files(paths);
}

} // namespace infra::email
