#include "../signed_url.hpp"
#include "../sigv4/names.hpp"
#include "../sigv4/post_policy.hpp"
#include "form_body.hpp"
#include "refusal.hpp"
#include "visit.hpp"
#include "writing.hpp"

#include <infra/base/encoding.hpp>

#include <algorithm>
#include <utility>

namespace infra::storage::serve {
namespace {

/// What is posted, once it may be.
struct allowed_form {
    std::string key{};
    http::headers headers{};
    expected_body body{};
};

sigv4::form_conditions conditions_in(const sigv4::fields& form) {
    const auto document = encoding::base64_decode(sigv4::field_of(form, "policy").value_or(""));
    auto conditions = document ? sigv4::form_conditions::read(*document) : std::nullopt;
    if (!conditions)
        throw refused(400, "InvalidPolicyDocument", "The content of the form does not meet the conditions.");
    return std::move(*conditions);
}

// As its policy sees it.
sigv4::fields completed(sigv4::fields form, const std::string& key) {
    if (!sigv4::field_of(form, "bucket"))
        form.emplace_back("bucket", local_signer::bucket);
    for (auto& [name, value] : form)
        if (sigv4::same_name(name, "key"))
            value = key;
    return form;
}

allowed_form allowed(const site& in, const sigv4::fields& form, const form_item& file) {
    if (const auto found = in.signer.check_form(form); found != sigv4::verdict::good)
        throw refused(refusal_of(found));
    const auto conditions = conditions_in(form);
    auto key = key_of(form, file);
    if (auto why = conditions.check_fields(completed(form, key), in.signer.now()))
        throw refused(std::move(*why));
    allowed_form made{std::move(key), headers_of(form)};
    made.body = expected_by(made.headers);
    made.body.min_size = conditions.min_size();
    made.body.max_size = std::min(conditions.max_size(), in.options.max_upload);
    return made;
}

} // namespace

awaitable<http::response> post(visit_ptr of) {
    const auto& in = *of->in;
    const auto boundary = boundary_of(of->asked.header("Content-Type"));
    if (!boundary)
        throw refused(refusal_of(sigv4::verdict::unsigned_request));
    const auto form = std::make_shared<form_body>(of->body, *boundary, in.options.max_upload);
    const auto fields = co_await form->read_fields();
    const auto may = allowed(in, fields, form->file());
    form->expect(may.body);
    pieces what{.next = [form] { return form->next(); }};
    const auto info = co_await in.files.put(may.key, std::move(what), options_by(may.headers));
    const auto at = place_of(in.signer.public_url(), may.key);
    co_return answer_form(info, fields, local_signer::bucket, at.origin + at.path);
}

} // namespace infra::storage::serve
