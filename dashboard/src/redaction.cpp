#include "redaction.hpp"

#include <array>
#include <string>

namespace infra::dashboard {
namespace {

constexpr std::array<std::string_view, 8> secret_words{"password",      "passwd", "token",  "secret",
                                                       "authorization", "cookie", "apikey", "privatekey"};
constexpr std::string_view hidden = "•••";

// Lower case, without what parts words.
std::string plain(std::string_view name) {
    std::string made;
    for (const char c : name)
        if (c != '_' && c != '-' && c != ' ')
            made += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return made;
}

} // namespace

bool names_a_secret(std::string_view name) noexcept try {
    const auto text = plain(name);
    for (const auto each : secret_words)
        if (text.find(each) != std::string::npos)
            return true;
    return false;
} catch (...) {
    return true; // no memory: say nothing
}

std::size_t redact(json::value& in) {
    std::size_t count = 0;
    if (in.is_array())
        for (auto& each : in.as_array())
            count += redact(each);
    if (in.is_object())
        for (auto& member : in.as_object()) {
            if (!names_a_secret(std::string_view(member.key()))) {
                count += redact(member.value());
                continue;
            }
            member.value() = json::value(hidden);
            ++count;
        }
    return count;
}

} // namespace infra::dashboard
