// The seam's verbs over the calls of S3.

#include "objects.hpp"
#include "signing.hpp"
#include "uploads.hpp"

#include "../verify/fetch_over_http.hpp"

#include <string>
#include <utility>
#include <vector>

namespace infra::storage {
namespace s3 {
namespace {

bucket_traits traits_of(const endpoint& e) {
    bucket_traits t{.remote = true, .signs_forms = takes_forms(e)};
    if (is_r2(e)) { // 5 GiB less a little, and fewer keys at once
        t.max_remove = 700;
        t.max_part = t.max_single_put = 4990ull << 20;
    }
    return t;
}

std::string shown(const std::vector<std::string>& quirks) {
    std::string text;
    for (const auto& each : quirks)
        text.append(text.empty() ? " (" : ", ").append(each);
    return text.empty() ? text : text + ")";
}

class s3_bucket final : public bucket, public follows_urls {
public:
    explicit s3_bucket(s3_options o)
        : at_(std::make_shared<store>(std::move(o))), traits_(traits_of(at_->where().at())) {}

    std::string_view name() const noexcept override { return "s3"; }

    std::string description() const override {
        return "s3://" + at_->options().bucket + " at " + at_->where().at().authority() +
               shown(at_->learned().quirks());
    }

    bucket_traits traits() const noexcept override {
        auto t = traits_;
        t.sum = at_->options().checksum;
        const auto told = plan_of(at_->options().checksums, at_->learned().known_sums());
        t.keeps_checksums = told.header;
        t.checksums_proven = !(told.header && told.metadata) || at_->learned().names_algorithms();
        t.conditional_writes = at_->learned().known_conditions(write::put) != conditions::ignored;
        if (at_->learned().removes_singly())
            t.max_remove = 1;
        return t;
    }

    awaitable<object_info> put(put_request what, put_body body, deadline limit) override {
        return s3::put(at_, std::move(what), std::move(body.bytes), limit);
    }
    awaitable<opened> get(get_request what, deadline limit) override { return s3::get(at_, std::move(what), limit); }
    awaitable<object_info> head(std::string key, read_conditions read, deadline limit) override {
        return s3::head(at_, std::move(key), std::move(read), limit);
    }
    awaitable<void> remove(std::string key, std::string if_match, deadline limit) override {
        return s3::remove(at_, std::move(key), std::move(if_match), limit);
    }
    awaitable<std::vector<remove_outcome>> remove_many(std::vector<std::string> keys, deadline limit) override {
        return s3::remove_many(at_, std::move(keys), limit);
    }
    awaitable<object_info> copy(copy_request what, deadline limit) override {
        return s3::copy(at_, std::move(what), limit);
    }
    awaitable<list_page> list(list_options what, deadline limit) override {
        return s3::list(at_, std::move(what), limit);
    }

    awaitable<upload_id> begin_upload(put_request what, deadline limit) override {
        return s3::begin_upload(at_, std::move(what), limit);
    }
    awaitable<part> put_part(upload_id upload, int number, shared_bytes bytes, std::optional<checksum> sum,
                             deadline limit) override {
        return s3::put_part(at_, std::move(upload), number, std::move(bytes), sum, limit);
    }
    awaitable<part> copy_part(upload_id upload, int number, part_source from, deadline limit) override {
        return s3::copy_part(at_, std::move(upload), number, std::move(from), limit);
    }
    awaitable<std::vector<part>> list_parts(upload_id upload, deadline limit) override {
        return s3::list_parts(at_, std::move(upload), limit);
    }
    awaitable<object_info> complete_upload(upload_id upload, std::vector<part> parts, put_request what,
                                           deadline limit) override {
        return s3::complete_upload(at_, std::move(upload), std::move(parts), std::move(what), limit);
    }
    awaitable<void> abort_upload(upload_id upload, deadline limit) override {
        return s3::abort_upload(at_, std::move(upload), limit);
    }
    awaitable<uploads_page> list_uploads(std::string prefix, std::string token, deadline limit) override {
        return s3::list_uploads(at_, std::move(prefix), std::move(token), limit);
    }

    awaitable<signed_request> sign(std::string key, std::chrono::seconds expires, signed_url_options options) override {
        return s3::sign(at_, std::move(key), expires, std::move(options));
    }
    awaitable<signed_form> sign_form(post_policy policy, std::chrono::seconds expires) override {
        return s3::sign_form(at_, std::move(policy), expires);
    }
    awaitable<std::string> sign_part(upload_id upload, int number, std::chrono::seconds expires) override {
        return s3::sign_part(at_, std::move(upload), number, expires);
    }

    fetcher follower() const override {
        return fetch_over_http({.proxy = at_->options().proxy, .tls = at_->options().tls});
    }

    awaitable<void> ping(deadline limit) override { return s3::ping(at_, limit); }

    awaitable<std::size_t> sweep_leavings(std::chrono::milliseconds, deadline) override { co_return 0; }

private:
    const store_ptr at_;
    const bucket_traits traits_;
};

} // namespace
} // namespace s3

std::shared_ptr<bucket> make_s3_bucket(s3_options options) {
    return std::make_shared<s3::s3_bucket>(std::move(options));
}

} // namespace infra::storage
