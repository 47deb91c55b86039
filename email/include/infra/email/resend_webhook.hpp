#pragma once

/// What Resend tells a service about its mail: that it was delivered, bounced, complained about.
///
///     const email::webhook_secrets secrets(env.get("RESEND_WEBHOOK_SECRET").value());
///     routes.post("/webhooks/resend", [=](const http::request& req) {
///         const auto event = email::verify_webhook(req.headers(), req.body(), secrets, time.wall());
///         if (!event) return http::response::error(400, "bad_webhook", event.error().message());
///         if (event->type == "email.bounced") forget_the_address_of(event->email_id);
///         return http::response::no_content();
///     });
///
/// Anybody can call such a route: only what verify_webhook() gives back was said by Resend. The same event may come again,
/// with the same id.

#include <infra/base/http_message.hpp>
#include <infra/base/json.hpp>
#include <infra/base/time.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace infra::email {

enum class webhook_errc {
    no_signature = 1, ///< a header is not there, or not of its form
    stale,            ///< signed more than five minutes ago, or from now: somebody may be playing it again
    forged,           ///< no signature of ours
    no_event,         ///< signed, but not JSON of an event
};

const boost::system::error_category& webhook_category() noexcept;

inline boost::system::error_code make_error_code(webhook_errc e) noexcept {
    return {static_cast<int>(e), webhook_category()};
}

/// The keys that a signature may be made with: one, or two while they are changed.
class webhook_secrets {
public:
    /// `whsec_…`, several with spaces between them. Throws std::invalid_argument, without repeating it, for what is none.
    explicit webhook_secrets(std::string_view text);

    const std::vector<std::string>& keys() const noexcept { return keys_; } ///< bytes

private:
    std::vector<std::string> keys_;
};

struct webhook_event {
    std::string id{};         ///< of the event: the same when it is sent again
    std::string type{};       ///< "email.delivered"
    std::string created_at{}; ///< as it says, in ISO 8601
    std::string email_id{};   ///< what send() returned; empty where the event is about no mail
    json::object data{};      ///< the rest, by type: recipients, why it bounced, which link was clicked
};

/// The event in `body`, if the fields svix-id, svix-timestamp and svix-signature (or webhook-id …) say that it comes from
/// whoever knows one of the secrets. `body` is the request's, byte for byte.
boost::system::result<webhook_event> verify_webhook(const http::headers& fields, std::string_view body,
                                                    const webhook_secrets& secrets, wall_time now);

} // namespace infra::email

template <>
struct boost::system::is_error_code_enum<infra::email::webhook_errc> : std::true_type {};
