#include <infra/testing/captured_mail.hpp>

#include <algorithm>
#include <array>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace infra::testing {
namespace {

std::string recipients_of(const email::mail& m) {
    std::string text;
    for (const auto* list : {&m.to, &m.cc, &m.bcc})
        for (const auto& each : *list)
            text.append(text.empty() ? "" : ", ").append(each.email());
    return text;
}

bool goes_to(const email::mail& m, std::string_view email) {
    const std::array lists{&m.to, &m.cc, &m.bcc};
    return std::ranges::any_of(lists, [email](const auto* list) {
        return std::ranges::any_of(*list, [email](const auto& each) { return each.email() == email; });
    });
}

bool has_attachment(const email::mail& m, std::string_view name) {
    return std::ranges::any_of(m.attachments, [name](const auto& each) { return each.filename == name; });
}

bool contains(const std::string& text, const std::optional<std::string>& part) {
    return !part || text.find(*part) != std::string::npos;
}

bool mail_fits(const email::mail& m, const expected_mail& expected) {
    return (!expected.to || goes_to(m, *expected.to)) && (!expected.from || m.from.email() == *expected.from) &&
           (!expected.subject || m.subject == *expected.subject) && contains(m.text, expected.text_contains) &&
           contains(m.html, expected.html_contains) &&
           (!expected.attachment || has_attachment(m, *expected.attachment));
}

// A line for each, with its words where they are short.
std::string listing(const std::vector<email::mail>& mails) {
    if (mails.empty())
        return "no mail was sent";
    std::string text = "sent were:";
    for (const auto& m : mails) {
        text.append("\n  \"").append(m.subject).append("\" from ").append(m.from.email());
        text.append(" to ").append(recipients_of(m));
        if (m.text.size() <= 500)
            text.append(": ").append(m.text.substr(0, m.text.find_last_not_of('\n') + 1));
        for (const auto& each : m.attachments)
            text.append(" [").append(each.filename).append("]");
    }
    return text;
}

} // namespace

captured_mail::captured_mail() : kept_({.max_mails = 100'000, .max_bytes = std::size_t{1} << 31}) {}

awaitable<std::vector<email::delivery>> captured_mail::deliver(std::vector<email::mail> mails, deadline limit) {
    std::vector<email::delivery> done(mails.size());
    std::vector<email::mail> accepted;
    for (std::size_t i = 0; i < mails.size(); ++i)
        if (!(done[i].failure = next_failure()))
            accepted.push_back(std::move(mails[i]));
    auto taken = co_await kept_.deliver(std::move(accepted), limit);
    auto next = taken.begin();
    for (auto& each : done)
        if (!each.failure)
            each = std::move(*next++);
    co_return done;
}

std::optional<email::send_error> captured_mail::next_failure() {
    const std::scoped_lock lock(mutex_);
    if (failing_.empty())
        return std::nullopt;
    auto why = std::move(failing_.front());
    failing_.pop_front();
    return why;
}

std::vector<email::mail> captured_mail::find(const expected_mail& expected) const {
    auto all = sent();
    std::erase_if(all, [&](const email::mail& m) { return !mail_fits(m, expected); });
    return all;
}

sent_check captured_mail::was_sent(const expected_mail& expected) const {
    const auto all = sent();
    return {.found = std::ranges::any_of(all, [&](const email::mail& m) { return mail_fits(m, expected); }),
            .seen = listing(all)};
}

std::size_t captured_mail::count_to(std::string_view email) const { return find({.to = std::string(email)}).size(); }

email::mail captured_mail::one_to(std::string_view email) const {
    auto found = find({.to = std::string(email)});
    if (found.size() != 1)
        throw std::logic_error(std::to_string(found.size()) + " mails went to " + std::string(email) + "; " +
                               listing(sent()));
    return std::move(found.front());
}

void captured_mail::fail_next(email::send_error why) {
    const std::scoped_lock lock(mutex_);
    failing_.push_back(std::move(why));
}

void captured_mail::clear() {
    const std::scoped_lock lock(mutex_);
    kept_.clear();
    failing_.clear();
}

std::ostream& operator<<(std::ostream& to, const sent_check& c) { return to << c.seen; }

} // namespace infra::testing
