#include "credential_scope.hpp"

#include <charconv>

namespace infra::storage::sigv4 {
namespace {

std::optional<int> number(std::string_view digits) noexcept {
    int value = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failed != std::errc{} || end != digits.data() + digits.size() || value < 0 || digits.front() == '-')
        return std::nullopt;
    return value;
}

} // namespace

std::string timestamp(wall_time t) {
    const auto full = format_rfc3339(t); // 2013-05-24T00:00:00.000Z
    std::string text;
    for (const char c : std::string_view(full.data(), 19))
        if (c != '-' && c != ':')
            text += c;
    return text + 'Z';
}

std::optional<wall_time> parse_timestamp(std::string_view text) noexcept {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z')
        return std::nullopt;
    const auto year = number(text.substr(0, 4)), month = number(text.substr(4, 2)), day = number(text.substr(6, 2)),
               hour = number(text.substr(9, 2)), minute = number(text.substr(11, 2)),
               second = number(text.substr(13, 2));
    if (!year || !month || !day || !hour || !minute || !second || *year < 1970 || *year > 2200 || *hour > 23 ||
        *minute > 59 || *second > 59)
        return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok())
        return std::nullopt;
    return wall_time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second);
}

std::string credential_scope(std::string_view timestamp, const scope& in) {
    std::string text(timestamp.substr(0, 8));
    return text.append("/").append(in.region).append("/").append(in.service).append("/aws4_request");
}

std::string credential_of(const credentials& keys, std::string_view timestamp, const scope& in) {
    return keys.access_key_id + "/" + credential_scope(timestamp, in);
}

std::optional<credential> parse_credential(std::string_view text) noexcept {
    std::string_view parts[4];
    for (auto& part : parts) {
        const auto slash = text.rfind('/');
        if (slash == text.npos)
            return std::nullopt;
        part = text.substr(slash + 1);
        text = text.substr(0, slash);
    }
    if (text.empty() || parts[0] != "aws4_request")
        return std::nullopt;
    return credential{.key_id = text, .day = parts[3], .region = parts[2], .service = parts[1]};
}

} // namespace infra::storage::sigv4
