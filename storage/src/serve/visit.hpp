#pragma once

/// A request to signed URLs, and what is done about it. What cannot be done is thrown: refused, storage_error.

#include "../local_signing.hpp"
#include "target.hpp"

#include <infra/http_server/request.hpp>
#include <infra/http_server/response.hpp>
#include <infra/storage/serve.hpp>

#include <memory>
#include <string>

namespace infra::storage::serve {

/// What the routes share.
struct site {
    storage files; // over the bucket itself: what a URL names is the whole key
    const local_signer& signer;
    std::string prefix;
    serve_options options;
};

struct visit {
    std::shared_ptr<const site> in;
    http::request asked;
    http::body_reader body;
    signed_target target{}; // once its signature is found good; not of a form
};
using visit_ptr = std::shared_ptr<visit>;

awaitable<http::response> read(visit_ptr of); ///< GET and HEAD
awaitable<http::response> remove(visit_ptr of);
awaitable<http::response> write(visit_ptr of); ///< PUT of an object or a part
awaitable<http::response> post(visit_ptr of);  ///< of a form, which is authorised by itself

} // namespace infra::storage::serve
