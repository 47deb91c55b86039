#pragma once

/// Transactional mail, written in Markdown.
///
///     co_await infra::email::send_email({.to = "ann@example.org", .subject = "Hi", .body = "**Welcome!**"});
///     co_await infra::email::send_email({.to = to, .template_name = "welcome", .data = {{"name", "Ann"}}});
///     auto mail = infra::email::render_template(co_await infra::email::load_template("welcome"), {{"name", "Ann"}});
///     co_await infra::email::send_email({.to = to, .content = mail});

#include <infra/base.hpp>

namespace infra::email {

/// The provider's id of an accepted message.
using message_id = std::string;

/// `ann@example.org` or `Ann Lee <ann@example.org>`. A name apart: `address::named("Ann Lee", "ann@example.org")`.
/// There is no two-argument constructor: `{{"a@x", "b@x"}}` would silently be one address called "a@x".
class address {
public:
    template <text_like T>
    address(const T& text) : text_(std::string_view(text)) {}
    static address named(std::string_view name, std::string_view email) {
        return address(std::string(name) + " <" + std::string(email) + ">");
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
};

/// One address, a braced list, or a vector of strings or addresses.
class address_list {
public:
    address_list() = default;
    address_list(std::initializer_list<address> list) : list_(list) {}
    template <text_like T>
    address_list(const T& one) : list_{address(one)} {}
    address_list(address one) : list_{std::move(one)} {}
    address_list(std::vector<address> list) : list_(std::move(list)) {}
    address_list(const std::vector<std::string>& list) : list_(list.begin(), list.end()) {}

    auto begin() const { return list_.begin(); }
    auto end() const { return list_.end(); }
    std::size_t size() const { return list_.size(); }
    bool empty() const { return list_.empty(); }
    const address& operator[](std::size_t i) const { return list_[i]; }

private:
    std::vector<address> list_;
};

struct attachment {
    std::string filename{};
    std::string content{};      ///< the bytes, not yet encoded
    std::string content_type{}; ///< empty: from the filename
    std::string content_id{};   ///< set: inline, `cid:…` in the html
};

/// A template's file: front matter and Markdown.
struct email_template {
    std::string name{};
    std::string locale{};
    std::string subject{};
    std::string preheader{};
    std::string body{};
};

/// What a template became. Sent as it is, never rendered again.
struct rendered_email {
    std::string subject{};
    std::string preheader{};
    std::string html{};
    std::string text{};
};

/// One message. Its words come from exactly one of `body`, `template_name`, `content`.
struct message {
    std::optional<address> from{}; ///< unset: EMAIL_FROM
    address_list to{};
    address_list cc{};
    address_list bcc{};
    address_list reply_to{};
    std::string subject{};       ///< over the template's when set
    std::string body{};          ///< Markdown
    std::string template_name{}; ///< emails/<name>.md
    json::object data{};         ///< of the template; values are escaped
    std::string locale{};
    std::optional<rendered_email> content{};
    std::vector<attachment> attachments{};
    std::map<std::string, std::string> headers{};
    std::map<std::string, std::string> tags{};
    std::string idempotency_key{}; ///< set: a second message with it is not sent
    std::optional<std::chrono::system_clock::time_point> send_at{};
};

struct load_options {
    std::string locale{}; ///< `de-AT` falls back to `de`, then to none
    std::string directory = "emails";
};

inline std::vector<message>& sent() {
    static std::vector<message> all;
    return all;
}

[[nodiscard]] inline awaitable<message_id> send_email(message mail) {
    if (mail.to.empty())
        throw std::invalid_argument("email::message::to must name somebody");
    sent().push_back(std::move(mail));
    co_return "message-" + std::to_string(sent().size());
}

[[nodiscard]] inline awaitable<email_template> load_template(std::string name, load_options options = {}) {
    co_return email_template{
        .name = name, .locale = options.locale, .subject = "Welcome to {{app_name}}!", .body = "Hi {{name}},"};
}

struct mailer_options {
    std::string url{};             ///< empty: EMAIL_URL, else Resend if RESEND_API_KEY, else outbox:var/outbox
    std::optional<address> from{}; ///< unset: EMAIL_FROM
    std::string templates = "emails";
    std::chrono::milliseconds timeout{10'000}; ///< of one message
    infra::executor executor{};                ///< empty: the default runtime's
};

/// A sender made by hand; the free functions use one made from the environment.
class mailer {
public:
    explicit mailer(mailer_options options = {})
        : options_(std::make_shared<const mailer_options>(std::move(options))) {}

    [[nodiscard]] awaitable<message_id> send(message mail) {
        if (!mail.from)
            mail.from = options_->from;
        return send_email(std::move(mail));
    }

private:
    std::shared_ptr<const mailer_options> options_;
};

namespace detail {
inline std::string fill(std::string text, const json::object& variables) {
    for (const auto& [key, held] : variables) {
        const auto mark = "{{" + std::string(key) + "}}";
        const auto value = held.is_string() ? std::string(held.as_string()) : boost::json::serialize(held);
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
            text.replace(at, mark.size(), value);
    }
    return text;
}
} // namespace detail

[[nodiscard]] inline rendered_email render_template(const email_template& from, const json::object& variables) {
    const auto text = detail::fill(from.body, variables);
    return {.subject = detail::fill(from.subject, variables),
            .preheader = from.preheader,
            .html = "<p>" + text + "</p>",
            .text = text};
}
/// The same with a described struct for the variables.
template <json::described T>
[[nodiscard]] rendered_email render_template(const email_template& from, const T& variables) {
    return render_template(from, json::to_value(variables).as_object());
}

} // namespace infra::email
