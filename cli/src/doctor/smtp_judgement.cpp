#include "smtp.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace infra::cli::doctor {

bool add_line(smtp_reply& to, std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r'))
        line.remove_suffix(1);
    constexpr std::size_t digits = 3;
    const auto read = std::from_chars(line.data(), line.data() + std::min(line.size(), digits), to.code);
    const bool has_code = line.size() >= digits && read.ec == std::errc() && read.ptr == line.data() + digits;
    if (!has_code || (line.size() > digits && line[digits] != ' ' && line[digits] != '-')) {
        to.code = 0;
        return true;
    }
    to.lines.emplace_back(line.substr(std::min(line.size(), digits + 1)));
    return line.size() == digits || line[digits] == ' ';
}

std::set<std::string> capabilities_of(const smtp_reply& ehlo) {
    std::set<std::string> all;
    for (std::size_t i = 1; i < ehlo.lines.size(); ++i) { // the first is the server's name
        auto word = ehlo.lines[i];
        std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        if (!word.starts_with("AUTH")) {
            all.insert(word.substr(0, word.find(' ')));
            continue;
        }
        for (std::size_t at = 4; at < word.size();) {
            const auto end = std::min(word.find(' ', at + 1), word.size());
            if (end > at + 1)
                all.insert("AUTH " + word.substr(at + 1, end - at - 1));
            at = end;
        }
    }
    return all;
}

findings judge_smtp(const smtp_facts& f) {
    const std::string no_mail = "no mail is sent through it";
    if (!f.problem.empty())
        return {failure(f.about, f.problem, no_mail,
                        "see that host and port in EMAIL_URL are right, and that nothing on the way blocks it: many "
                        "networks let out 587 and 465, and not 25")};
    if (!f.refused.empty())
        return {failure(f.about, "does not want to talk: " + f.refused, no_mail,
                        "ask whoever runs it whether this machine may use it")};
    if (f.tls == email::smtp_tls::starttls && !f.offers_starttls)
        return {failure(
            f.about, "does not offer STARTTLS", no_mail + ", since nothing is said in the clear",
            "smtps:// for TLS from the first byte (mostly port 465); or, for a server on this machine, tls=none "
            "in EMAIL_URL")};
    if (!f.tls_problem.empty())
        return {failure(f.about, f.tls_problem, no_mail,
                        "name it as its certificate does; one of an authority of your own is trusted by ca_file=… in "
                        "EMAIL_URL")};
    if (f.wants_login && !f.offers_login)
        return {failure(f.about, "does not let one log in with what EMAIL_URL has", no_mail,
                        "see auth= in EMAIL_URL, and whether it is the submission port")};
    if (f.login_refused && !f.login_refused->empty())
        return {failure(f.about, "refuses the log-in: " + *f.login_refused, no_mail,
                        "see the user in EMAIL_URL and EMAIL_PASSWORD")};
    std::string found = f.tls == email::smtp_tls::none ? "answers, in the clear" : "answers, and TLS is trusted";
    if (f.login_refused)
        found += "; the log-in succeeds";
    else if (f.wants_login)
        found += "; the log-in was not tried (--login does)";
    return {well(f.about, found)};
}

} // namespace infra::cli::doctor
