#include "local_signing.hpp"

#include "signed_url.hpp"
#include "sigv4/post_policy.hpp"

#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace {

constexpr std::size_t min_secret = 16;

} // namespace

local_signer::local_signer(std::string public_url, std::string secret, clock& time)
    : public_url_(std::move(public_url)),
      keys_{.access_key_id = std::string(bucket), .secret_access_key = std::move(secret)},
      time_(&time) {
    const auto at = place_of(public_url_);
    path_ = at.path == "/" ? "" : at.path;
    if (keys_.secret_access_key.size() < min_secret)
        throw std::invalid_argument("signing_secret: at least 16 bytes");
}

signed_request local_signer::sign(const std::string& key, std::chrono::seconds expires,
                                  const signed_url_options& options) const {
    return sign_url(place_of(public_url_, key), expires, options, keys_, scope());
}

signed_form local_signer::sign_form(const post_policy& policy, std::chrono::seconds expires) const {
    return sign_form_for(public_url_, std::string(bucket), policy, expires, keys_, scope());
}

std::string local_signer::sign_part(const upload_id& upload, int number, std::chrono::seconds expires) const {
    return sign_part_url(place_of(public_url_, upload.key), upload.id, number, expires, keys_, scope());
}

sigv4::verdict local_signer::check(sigv4::request got) const {
    got.path.insert(0, path_);
    return sigv4::check(
        got,
        [this](std::string_view id) {
            return id == keys_.access_key_id ? std::optional(keys_.secret_access_key) : std::nullopt;
        },
        scope());
}

sigv4::verdict local_signer::check_form(const sigv4::fields& form) const {
    return sigv4::check_form(
        form,
        [this](std::string_view id) {
            return id == keys_.access_key_id ? std::optional(keys_.secret_access_key) : std::nullopt;
        },
        scope());
}

sigv4::scope local_signer::scope() const { return {.region = std::string(bucket), .now = time_->wall()}; }

} // namespace infra::storage
