#include "secrets.hpp"

#include <infra/app/settings.hpp>
#include <infra/base/error.hpp>
#include <infra/email/failover.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <set>
#include <system_error>

#include <sys/stat.h>

namespace infra::cli::doctor {
namespace {

// Those that somebody makes up here; the rest come from others, who make them well.
constexpr std::array ours{"INFRA_ADMIN_TOKEN", "HEALTH_TOKEN", "REALTIME_SIGNING_SECRET", "STORAGE_SIGNING_SECRET"};

constexpr std::array words{"changeme", "change-me", "change_me", "secret",  "password", "example", "admin",
                           "token",    "default",   "qwerty",    "letmein", "infra",    "test",    "12345"};

std::string lower(std::string_view text) {
    std::string made(text);
    std::ranges::transform(made, made.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return made;
}

// What is left of it once words that everybody tries first are taken out.
std::string without_words(std::string text) {
    for (const std::string_view word : words)
        for (auto at = text.find(word); at != std::string::npos; at = text.find(word))
            text.erase(at, word.size());
    return text;
}

// An upper bound: as if each character were drawn from those that occur.
double bits_of(std::string_view text) {
    const std::set<char> different(text.begin(), text.end());
    return different.size() < 2 ? 0
                                : static_cast<double>(text.size()) * std::log2(static_cast<double>(different.size()));
}

std::vector<std::string> items_of(const std::string& value) {
    std::vector<std::string> all{""};
    for (const char c : value)
        if (c == ',')
            all.emplace_back();
        else
            all.back() += c;
    return all;
}

finding judge_secret(const std::string& name, const std::string& value) {
    const bool list = app::find_setting(name)->kind == app::setting_kind::list;
    for (const auto& each : list ? items_of(value) : std::vector{value})
        if (auto weak = weakness_of(each); !weak.empty())
            return warning(name, std::move(weak), "who guesses it may do what its owner may",
                           "make one by `openssl rand -base64 32`");
    return well(name, "is long enough and looks random");
}

std::string octal(unsigned mode) {
    std::string text;
    for (int shift = 6; shift >= 0; shift -= 3)
        text += static_cast<char>('0' + (mode >> shift & 7));
    return "0" + text;
}

file_facts read_file(std::filesystem::path file, std::string of) {
    file_facts facts{.file = std::move(file), .of = std::move(of)};
    struct stat is{};
    if (::stat(facts.file.c_str(), &is) != 0)
        facts.problem = std::system_category().message(errno);
    else
        facts.mode = is.st_mode & 0777u;
    return facts;
}

std::vector<file_facts> files_of(const situation& at) {
    std::vector<file_facts> all;
    if (!at.env_file.empty())
        all.push_back(read_file(at.env_file, ""));
    for (const auto& known : app::known_settings())
        if (const auto name = std::string(known.name) + "_FILE"; known.secret || known.kind == app::setting_kind::url)
            if (const auto found = at.variables.all().find(name);
                found != at.variables.all().end() && !found->second.empty() && !app::find_setting(name))
                all.push_back(read_file(found->second, name));
    return all;
}

} // namespace

std::string weakness_of(std::string_view secret) {
    constexpr std::size_t fewest = 16;
    constexpr double enough_bits = 64;
    if (secret.size() < fewest)
        return "has fewer than 16 characters";
    const auto rest = without_words(lower(secret));
    if (rest.size() + 4 < secret.size() && bits_of(rest) < enough_bits)
        return "is made of words that everybody tries first";
    return bits_of(secret) < enough_bits ? "repeats a few characters" : "";
}

findings look_at_secrets(const situation& at) {
    findings all;
    for (const std::string name : ours)
        try {
            if (const auto value = at.variables.get(name))
                all.push_back(judge_secret(name, *value));
        } catch (const error&) { // told by the check of settings
        }
    if (all.empty())
        all.push_back({.verdict = verdict::skipped, .found = "none of one's own is set"});
    return all;
}

findings judge_file(const file_facts& f) {
    const auto about = f.file.string() + (f.of.empty() ? "" : " (" + f.of + ")");
    if (!f.problem.empty())
        return {
            failure(about, "cannot be read: " + f.problem, "the service does not start", "name a file that is there")};
    if ((f.mode & 0002) != 0)
        return {failure(about, "may be written by everybody (" + octal(f.mode) + ")",
                        "every user of this machine decides what the service does", "chmod 600")};
    if ((f.mode & 0004) != 0)
        return {warning(about, "may be read by everybody (" + octal(f.mode) + ")",
                        "every user of this machine can read the secrets in it", "chmod 600, or 640 with a group")};
    return {well(about, "is closed to others (" + octal(f.mode) + ")")};
}

std::string no_files(const situation& at) {
    return files_of(at).empty() ? "there is no .env, and no secret is in a file" : "";
}

findings look_at_files(const situation& at) {
    findings all;
    for (const auto& each : files_of(at))
        std::ranges::move(judge_file(each), std::back_inserter(all));
    return all;
}

findings judge_resend_key(std::string_view key) {
    constexpr std::size_t shortest = 10;
    const std::string about = "RESEND_API_KEY";
    if (key.find_first_of(" \t\r\n\"'") != std::string_view::npos)
        return {failure(about, "has a space or a quotation mark in it", "Resend refuses it, and no mail is sent",
                        "copy it anew from resend.com/api-keys")};
    if (!key.starts_with("re_") || key.size() < shortest)
        return {warning(about, "does not look like a key of Resend's, which begin with re_",
                        "if it is none, no mail is sent", "copy it anew from resend.com/api-keys")};
    return {well(about, "looks like a key of Resend's")};
}

std::string no_resend(const situation& at) {
    const auto list = at.variables.get_or("EMAIL_URL", at.variables.has("RESEND_API_KEY") ? "resend:" : "");
    const auto urls = email::urls_of(list);
    return std::ranges::find(urls, "resend:") == urls.end() ? "mail does not go there" : "";
}

findings look_at_resend(const situation& at) { return judge_resend_key(at.variables.get_or("RESEND_API_KEY", "")); }

} // namespace infra::cli::doctor
