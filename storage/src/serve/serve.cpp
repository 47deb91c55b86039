#include "../sigv4/names.hpp"
#include "refusal.hpp"
#include "visit.hpp"

#include <stdexcept>
#include <utility>

namespace infra::storage {
namespace serve {
namespace {

const local_signer& signer_of(const storage& files) {
    const auto* const signs = dynamic_cast<const signs_locally*>(files.bucket().get());
    if (!signs)
        throw std::invalid_argument("add_signed_urls: " + files.description() +
                                    " does not sign for itself; its URLs lead to the store's own server");
    return signs->signer();
}

// What the client calls us, also behind a proxy that is trusted.
sigv4::fields headers_as_sent(const http::request& asked) {
    sigv4::fields headers{{"Host", sigv4::lower(asked.host())}};
    for (const auto [name, value] : asked.headers())
        if (!sigv4::same_name(name, "host"))
            headers.emplace_back(name, value);
    return headers;
}

signed_target authorised(const site& in, const http::request& asked) {
    auto target = read_target(asked.target(), in.prefix);
    if (!target || !has_signature(*target) || target->key.empty())
        throw refused(refusal_of(sigv4::verdict::unsigned_request));
    const auto found = in.signer.check({.method = std::string(http::to_string(asked.method())),
                                        .path = target->path,
                                        .query = target->query,
                                        .headers = headers_as_sent(asked)});
    if (found != sigv4::verdict::good)
        throw refused(refusal_of(found));
    return std::move(*target);
}

awaitable<http::response> act(visit_ptr of) {
    of->target = authorised(*of->in, of->asked);
    switch (of->asked.method()) {
    case http::method::put: co_return co_await write(of);
    case http::method::delete_: co_return co_await remove(of);
    default: co_return co_await read(of);
    }
}

awaitable<http::response> answer(visit_ptr to, awaitable<http::response> work) {
    std::exception_ptr thrown;
    try {
        co_return co_await std::move(work);
    } catch (...) {
        thrown = std::current_exception();
    }
    co_return answer_thrown(thrown, to->target.key, to->asked.request_id());
}

} // namespace
} // namespace serve

void add_signed_urls(http::router& routes, storage files, std::string_view prefix, serve_options options) {
    if (options.max_upload < 1 || options.max_part < 1)
        throw std::invalid_argument("serve_options::max_upload and max_part must be at least 1");
    if (prefix == "/")
        prefix = {};
    using namespace serve;
    const auto& signer = signer_of(files);
    const auto in = std::make_shared<const site>(
        site{infra::storage::storage({.bucket = files.bucket()}), signer, std::string(prefix), options});
    const auto object = [in](http::request asked, http::body_reader body) {
        const auto came = std::make_shared<visit>(visit{in, std::move(asked), body});
        return answer(came, act(came));
    };
    const auto form = [in](http::request asked, http::body_reader body) {
        const auto came = std::make_shared<visit>(visit{in, std::move(asked), body});
        return answer(came, post(came));
    };
    const auto below = in->prefix + "/{key...}";
    routes.get(below, object).put(below, object).del(below, object);
    routes.post(in->prefix + "/", form);
    if (!in->prefix.empty())
        routes.post(in->prefix, form);
}

} // namespace infra::storage
