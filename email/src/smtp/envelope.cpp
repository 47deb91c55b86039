#include "envelope.hpp"

#include <infra/base/error.hpp>
#include <infra/email/error.hpp>
#include <infra/email/mime.hpp>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>

namespace infra::email::smtp {
namespace {

constexpr std::size_t longest_key = 256;

// The mailer has checked them; here they become commands.
void require_address(const std::string& email, const std::string& what) {
    if (!is_valid_address(email))
        throw error(errc::bad_address, "smtp: " + what + " is not an address that mail can be sent to");
}

void append(envelope& e, const std::vector<address>& list, std::string_view field) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto& email = list[i].email();
        require_address(email, "recipient " + std::to_string(i + 1) + " of " + std::string(field));
        if (std::ranges::find(e.to, email, &recipient::email) == e.to.end())
            e.to.push_back({email, field, i + 1});
    }
}

bool is_plain(char c) noexcept { return c > ' ' && c < 0x7f; }

} // namespace

envelope envelope_of(const mail& m) {
    require_address(m.from.email(), "the sender");
    envelope e{.from = m.from.email()};
    append(e, m.to, "to");
    append(e, m.cc, "cc");
    append(e, m.bcc, "bcc");
    if (e.to.empty())
        throw error(errc::bad_address, "smtp: the mail has no recipient");
    return e;
}

std::vector<std::string> introductions(const envelope& e, std::size_t size, const capabilities& offers) {
    std::vector<std::string> commands;
    commands.push_back("MAIL FROM:<" + e.from + ">" + (offers.size ? " SIZE=" + std::to_string(size) : "") + "\r\n");
    for (const auto& each : e.to)
        commands.push_back("RCPT TO:<" + each.email + ">\r\n");
    return commands;
}

std::string content_of(mail m, const std::string& key_header) {
    if (!key_header.empty())
        m.headers.insert_or_assign(key_header, key_for_header(m));
    return stuffed(to_mime(m)).append(".\r\n");
}

std::string stuffed(std::string_view message) {
    std::string out;
    out.reserve(message.size() + message.size() / 64 +
                8); // room for the dots of an ordinary mail, and for the last line
    for (bool begins = true; !message.empty();) {
        if (begins && message.front() == '.')
            out += '.';
        const auto line = message.substr(0, std::min(message.find('\n'), message.size() - 1) + 1);
        out.append(line);
        message.remove_prefix(line.size());
        begins = line.ends_with('\n');
    }
    return out;
}

std::string key_for_header(const mail& m) {
    static const boost::uuids::uuid space = {
        {0x0d, 0x7c, 0x42, 0x9a, 0x31, 0x5e, 0x4f, 0x60, 0x8b, 0x27, 0x9e, 0x02, 0xc6, 0x14, 0x55, 0x7b}};
    const auto& key = key_of(m);
    if (!key.empty() && key.size() <= longest_key && std::ranges::all_of(key, is_plain))
        return key;
    return to_string(boost::uuids::name_generator_sha1(space)(key));
}

} // namespace infra::email::smtp
