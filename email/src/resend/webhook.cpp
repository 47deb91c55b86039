// The scheme of Svix and Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`.

#include <infra/email/resend_webhook.hpp>

#include "sha256.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

constexpr auto tolerance = 5min;
constexpr std::size_t longest_field = 4096; // some fifty signatures; each is compared with each secret
constexpr std::size_t shortest_secret = 16;

struct signed_by {
    std::string_view id, timestamp, signatures;
};

std::string_view field(const http::headers& fields, std::string_view name) {
    for (const std::string_view prefix : {"svix-", "webhook-"})
        if (const auto value = fields.get(std::string(prefix).append(name)))
            return *value;
    return {};
}

std::optional<signed_by> signature_in(const http::headers& fields) {
    const signed_by s{field(fields, "id"), field(fields, "timestamp"), field(fields, "signature")};
    for (const auto part : {s.id, s.timestamp, s.signatures})
        if (part.empty() || part.size() > longest_field)
            return std::nullopt;
    return s;
}

std::optional<wall_time> time_of(std::string_view timestamp) noexcept {
    std::int64_t seconds = 0;
    const auto* const end = timestamp.data() + timestamp.size();
    const auto [stopped, problem] = std::from_chars(timestamp.data(), end, seconds);
    if (problem != std::errc{} || stopped != end || seconds < 0)
        return std::nullopt;
    return saturating_add(wall_time{}, std::chrono::seconds(seconds));
}

bool is_stale(wall_time signed_at, wall_time now) noexcept {
    const auto age = saturating_sub(now, signed_at);
    return age > tolerance || age < -tolerance;
}

/// Calls `f` with each part between spaces, until it says that it has enough.
template <class F>
bool any_part(std::string_view text, F f) {
    while (!text.empty()) {
        const auto part = text.substr(0, text.find(' '));
        if (!part.empty() && f(part))
            return true;
        text.remove_prefix(std::min(text.size(), part.size() + 1));
    }
    return false;
}

bool is_genuine(const signed_by& s, std::string_view body, const webhook_secrets& secrets) {
    const auto text = std::string(s.id).append(".").append(s.timestamp).append(".").append(body);
    return std::ranges::any_of(secrets.keys(), [&](const std::string& key) {
        const auto expected = resend::hmac_sha256(key, text);
        return any_part(s.signatures, [&](std::string_view part) {
            const auto given = part.starts_with("v1,") ? encoding::base64_decode(part.substr(3)) : std::nullopt;
            return given && resend::are_equal(*given, expected);
        });
    });
}

std::string text_in(const json::object& from, std::string_view key) {
    const auto* const value = from.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<webhook_event> event_in(std::string_view body) {
    auto read = json::parse(body, {.max_bytes = body.size() + 1, .max_depth = 64});
    auto* const object = read ? read->if_object() : nullptr;
    if (!object)
        return std::nullopt;
    webhook_event event{.type = text_in(*object, "type"), .created_at = text_in(*object, "created_at")};
    auto* const data = object->if_contains("data");
    if (event.type.empty() || !data || !data->is_object())
        return std::nullopt;
    event.data = std::move(data->get_object());
    event.email_id = text_in(event.data, "email_id");
    return event;
}

std::string signing_key(std::string_view secret) {
    constexpr std::string_view prefix = "whsec_";
    if (secret.starts_with(prefix))
        secret.remove_prefix(prefix.size());
    std::string padded(secret);
    padded.append((4 - padded.size() % 4) % 4, '='); // they are shown without, too
    const auto key = encoding::base64_decode(padded);
    if (!key || key->size() < shortest_secret)
        throw std::invalid_argument(
            "email::webhook_secrets: expected the signing secret of a webhook, whsec_…, or several "
            "with spaces between them");
    return *key;
}

} // namespace

const boost::system::error_category& webhook_category() noexcept {
    static constexpr std::string_view messages[] = {
        "the webhook is not signed",
        "the webhook was signed too long ago, or the clocks differ",
        "the webhook's signature is not one of ours",
        "the webhook is signed, but no event",
    };
    static const table_category category("infra.email.webhook", messages);
    return category;
}

webhook_secrets::webhook_secrets(std::string_view text) {
    any_part(text, [this](std::string_view secret) {
        keys_.push_back(signing_key(secret));
        return false;
    });
    if (keys_.empty())
        keys_.push_back(signing_key({})); // throws
}

boost::system::result<webhook_event> verify_webhook(const http::headers& fields, std::string_view body,
                                                    const webhook_secrets& secrets, wall_time now) {
    const auto by = signature_in(fields);
    const auto at = by ? time_of(by->timestamp) : std::nullopt;
    if (!at)
        return webhook_errc::no_signature;
    if (is_stale(*at, now))
        return webhook_errc::stale;
    if (!is_genuine(*by, body, secrets))
        return webhook_errc::forged;
    auto event = event_in(body);
    if (!event)
        return webhook_errc::no_event;
    event->id = by->id;
    return std::move(*event);
}

} // namespace infra::email
