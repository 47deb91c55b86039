#include <infra/email/hooks.hpp>

#include "ascii.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

namespace infra::email {
namespace {

// Between addresses a header can be folded; names are left out.
void note(mail& in, const char* header, const std::vector<address>& list) {
    std::string all;
    for (const auto& each : list)
        all.append(all.empty() ? "" : ", ").append(each.email());
    if (!all.empty())
        in.headers.insert_or_assign(header, std::move(all));
}

mail redirected(mail m, const address_list& instead) {
    note(m, "X-Original-To", m.to);
    note(m, "X-Original-Cc", m.cc);
    note(m, "X-Original-Bcc", m.bcc);
    // One click in the mailbox of the test would unsubscribe the recipient.
    std::erase_if(m.headers, [](const auto& field) { return lower(field.first).starts_with("list-unsubscribe"); });
    m.to.assign(instead.begin(), instead.end());
    m.cc.clear();
    m.bcc.clear();
    return m;
}

} // namespace

before_hook redirect_to(address_list instead) {
    if (instead.empty())
        throw std::invalid_argument("email::redirect_to: instead must name somebody");
    for (const auto& each : instead)
        if (!is_valid_address(each.email()))
            throw std::invalid_argument("email::redirect_to: instead must be email addresses");
    return [instead = std::move(instead)](mail m) -> awaitable<std::optional<mail>> {
        co_return redirected(std::move(m), instead);
    };
}

} // namespace infra::email
