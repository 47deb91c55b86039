#pragma once

/// The API on a test's own loop: it keeps idempotency keys as the real one does, and fails as it is told.

#include "http_client/tests/support.hpp"

#include <infra/base/json.hpp>
#include <infra/email/resend.hpp>

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace infra::email::resend {

using testing::test_loop;

/// How one request is answered, where not as it should be.
struct turn {
    bool accepts = true;               ///< whether the mails are taken, whatever is said of it
    std::optional<std::string> says{}; ///< instead of the answer, byte for byte
    bool cuts = false;                 ///< half of it, then the connection ends
    bool is_silent = false;            ///< nothing, for ever
};

/// An answer of the API, to be said instead of the right one.
inline std::string refusal(int status, const std::string& name, const std::string& fields = "",
                           const std::string& message = "no") {
    const auto body = json::to_text(json::value{{"statusCode", status}, {"message", message}, {"name", name}});
    return http::response(status, body, "Content-Type: application/json\r\n" + fields);
}

class mock {
public:
    explicit mock(executor ex) : server_(std::move(ex), [this](http::connection& c) { return serve(c); }) {}

    struct seen {
        std::string path{}, key{}, raw{};
        json::value body{};
    };

    std::vector<seen> requests;
    std::deque<turn> next;
    std::string fields; ///< of each right answer, with CRLF: rates

    /// How often mails of a subject were accepted.
    std::map<std::string, int> accepted;

    /// The same, in JSON and in order.
    std::vector<std::string> mails;

    /// Subjects that are refused, each as its own mail's mistake.
    std::string refuses = "(none)";

    std::string url() const { return "http://" + server_.authority(); }
    int connections() const { return server_.accepted(); }
    int open() const { return server_.open(); }

    resend_options options(test_loop& loop) const {
        return {.api_key = "re_test", .base_url = url(), .loop = loop.get_executor()};
    }

private:
    awaitable<void> serve(http::connection& c) {
        while (true) {
            const auto raw = co_await c.read_request();
            if (raw.empty())
                co_return;
            requests.push_back(read(raw));
            auto as = next.empty() ? turn{} : next.front();
            if (!next.empty())
                next.pop_front();
            const auto right = as.accepts ? answer_to(requests.back()) : std::string();
            const auto bytes = as.says.value_or(right);
            if (as.is_silent)
                co_await c.read_some();
            co_await c.write(as.cuts ? bytes.substr(0, bytes.size() / 2) : bytes);
            if (as.cuts || bytes.empty())
                co_return;
        }
    }

    static seen read(const std::string& raw) {
        const auto begin = raw.find(' ') + 1;
        const auto text = http::body_of(raw);
        return {raw.substr(begin, raw.find(' ', begin) - begin), http::field_of(raw, "idempotency-key"), raw,
                json::parse(text, {.max_bytes = text.size() + 1, .max_depth = 32}).value()};
    }

    std::string answer_to(const seen& of) {
        const auto text = json::to_text(of.body);
        const auto known = kept_.find(of.key);
        if (known != kept_.end() && known->second.first != text)
            return refusal(409, "invalid_idempotent_request");
        if (known == kept_.end())
            kept_[of.key] = {text, accept(of.body)};
        return kept_[of.key].second;
    }

    bool is_refused(const json::value& m) const {
        const auto* const subject = m.as_object().if_contains("subject");
        return subject && subject->as_string() == refuses;
    }

    std::string accept(const json::value& body) {
        if (!body.is_array())
            return is_refused(body) ? refusal(422, "validation_error") : ok(json::value{{"id", accept_one(body)}});
        json::array data, errors;
        std::int64_t index = 0;
        for (const auto& each : body.as_array()) {
            if (is_refused(each))
                errors.push_back({{"index", index}, {"message", "no"}});
            else
                data.push_back({{"id", accept_one(each)}});
            ++index;
        }
        json::object both{{"data", data}};
        if (!errors.empty())
            both["errors"] = errors;
        return ok(both);
    }

    std::string accept_one(const json::value& m) {
        const auto* const subject = m.as_object().if_contains("subject"); // a hosted template has its own
        ++accepted[subject ? std::string(subject->as_string()) : std::string()];
        mails.push_back(json::to_text(m));
        return "id-" + std::to_string(++ids_);
    }

    std::string ok(const json::value& body) const { return http::response(200, json::to_text(body), fields); }

    http::test_server server_;
    std::map<std::string, std::pair<std::string, std::string>> kept_; // key: body, answer
    int ids_ = 0;
};

inline mail make_mail(const std::string& subject = "Hi") {
    return {.id = "0190-" + subject,
            .date = std::chrono::sys_days(std::chrono::January / 1 / 2026),
            .from = "Shop <shop@example.org>",
            .to = {"ann@example.org"},
            .subject = subject,
            .html = "<p>Hi</p>",
            .text = "Hi"};
}

} // namespace infra::email::resend
