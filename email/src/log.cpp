#include <infra/email/log.hpp>

#include "compose.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/telemetry.hpp>

#include <string>

namespace infra::email {
namespace {

constexpr std::size_t longest_text = 16 * 1024;

std::string beginning_of(std::string_view text) {
    if (text.size() <= longest_text)
        return std::string(text);
    return encoding::to_utf8(text.substr(0, longest_text)) + "…"; // the cut may lie within a character
}

void log_unsent(const mail& m, bool text) {
    const auto first = m.to.empty() ? std::string() : redacted(m.to.front());
    const auto words = text ? beginning_of(m.text) : std::string();
    std::vector<field> fields{{"message_id", m.id},
                              {"to", first},
                              {"recipients", m.to.size() + m.cc.size() + m.bcc.size()},
                              {"attachments", m.attachments.size()}};
    if (m.scheduled_at)
        fields.push_back({"scheduled_at", *m.scheduled_at});
    if (m.hosted)
        fields.push_back({"hosted_template", m.hosted->id});
    if (text) {
        fields.push_back({"subject", m.subject});
        fields.push_back({"text", words});
    }
    telemetry::log(level::info, "email", "would be sent", std::span<const field>(fields));
}

class log_transport final : public transport {
public:
    explicit log_transport(log_options options) : options_(options) {}

    std::string_view name() const noexcept override { return "log"; }

    // Nothing is kept, so nothing is known of a key; and nothing is sent, so anything can be asked for.
    transport_traits traits() const noexcept override {
        return {.schedules = true, .hosts_templates = true, .has_topics = true};
    }

    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline) override {
        std::vector<delivery> done;
        for (const auto& each : mails) {
            log_unsent(each, options_.text);
            done.push_back({.id = each.id});
        }
        co_return done;
    }

private:
    const log_options options_;
};

} // namespace

std::shared_ptr<transport> make_log_transport(log_options options) { return std::make_shared<log_transport>(options); }

} // namespace infra::email
