#include "signatures.hpp"

#include "checks.hpp"

#include <infra/base/with_deadline.hpp>
#include <infra/storage/key.hpp>

#include <utility>

namespace infra::storage {

// What takes time is asking for credentials, at most.
awaitable<signed_request> sign_url(core_ptr core, std::string key, std::chrono::seconds expires,
                                   signed_url_options options) {
    check_expiry(expires);
    check_signed(options);
    const asking<signed_request> once = [core, key = core->full(key), expires, options](attempt) {
        return core->to().sign(key, expires, options);
    };
    co_return co_await core->calls.run<signed_request>({.op = "sign", .key = key}, once, core->limit_of({}));
}

namespace {

constexpr std::string_view placeholder = "${filename}";

post_policy with_prefix(const core& core, post_policy policy) {
    if (!policy.key.empty()) {
        policy.key = core.full(policy.key);
        return policy;
    }
    auto prefix = policy.key_prefix;
    if (prefix.ends_with(placeholder))
        prefix.resize(prefix.size() - placeholder.size());
    check_prefix(prefix);
    policy.key_prefix = core.options.prefix + policy.key_prefix;
    return policy;
}

} // namespace

awaitable<signed_form> sign_form(core_ptr core, post_policy policy, std::chrono::seconds expires) {
    check_expiry(expires);
    check_policy(policy, core->to().traits());
    const asking<signed_form> once = [core, policy = with_prefix(*core, std::move(policy)), expires](attempt) {
        return core->to().sign_form(policy, expires);
    };
    co_return co_await core->calls.run<signed_form>({.op = "sign form"}, once, core->limit_of({}));
}

} // namespace infra::storage
