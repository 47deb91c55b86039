#include "signing.hpp"

#include "../signed_url.hpp"

#include <utility>

namespace infra::storage::s3 {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_wait_for_keys = 30s;

// A public name that is not set follows the bucket into its region.
address public_place(const store& at) { return at.options().public_endpoint.empty() ? at.where() : at.in_public(); }

url_place place_of_key(const address& to, const std::string& key) {
    return {.origin = to.origin(), .host = to.host(), .path = to.path_of(key)};
}

awaitable<credentials> keys_for(store_ptr at, asked by) {
    auto keys = co_await at->keys(by, deadline::after(longest_wait_for_keys, at->options().time->steady()));
    if (keys.access_key_id.empty())
        throw storage_error(errc::unsupported,
                            by.what + ": without keys there is nothing to sign with; set S3_ACCESS_KEY_ID and "
                                      "S3_SECRET_ACCESS_KEY");
    co_return keys;
}

sigv4::scope scope_of(store& at) { return {.region = at.learned().region(), .now = at.now()}; }

void check_pins(store& at, const asked& by, const signed_url_options& options) {
    if (options.checksum && !plan_of(at.options().checksums, at.learned().known_sums()).header)
        throw storage_error(
            errc::unsupported,
            by.what + ": this store takes no notice of checksum headers, so none can be pinned; pin the length");
    if (options.if_absent && at.learned().known_conditions(write::put) == conditions::ignored)
        throw storage_error(errc::unsupported, by.what + ": this store takes no notice of If-None-Match");
}

} // namespace

bool takes_forms(const endpoint& e) noexcept { return !is_r2(e) && !is_b2(e); }

awaitable<signed_request> sign(store_ptr at, std::string key, std::chrono::seconds expires,
                               signed_url_options options) {
    const auto by = at->asked_for("sign", key, false);
    check_pins(*at, by, options);
    const auto keys = co_await keys_for(at, by);
    co_return sign_url(place_of_key(public_place(*at), key), expires, options, keys, scope_of(*at));
}

awaitable<signed_form> sign_form(store_ptr at, post_policy policy, std::chrono::seconds expires) {
    const auto by = at->asked_for("sign a form for", "", false);
    if (!takes_forms(at->where().at()))
        throw storage_error(
            errc::unsupported,
            by.what + ": this store has no POST of forms; let the browser PUT to a signed URL that pins type and "
                      "length");
    const auto keys = co_await keys_for(at, by);
    const auto to = public_place(*at);
    co_return sign_form_for(to.origin() + to.path_of(""), at->options().bucket, policy, expires, keys, scope_of(*at));
}

awaitable<std::string> sign_part(store_ptr at, upload_id upload, int number, std::chrono::seconds expires) {
    const auto keys = co_await keys_for(at, at->asked_for("sign a part of", upload.key, false));
    co_return sign_part_url(place_of_key(public_place(*at), upload.key), upload.id, number, expires, keys,
                            scope_of(*at));
}

} // namespace infra::storage::s3
