#include "support.hpp"

namespace infra::http {
namespace {

TEST(Transport, TlsNeedsItsComponent) {
    test_loop loop;
    server s({loop.get_executor()}, router(), {.port = 0, .tls = tls_options{}});
    try {
        s.listen();
        FAIL();
    } catch (const infra::error& e) {
        EXPECT_EQ(e.code(), errc::misconfigured);
        EXPECT_STREQ(e.what(),
                     "http::server_options::tls is set, but TLS is not linked in; link infra::http_server_tls, or "
                     "leave TLS to the proxy in front");
    }
}

} // namespace
} // namespace infra::http
