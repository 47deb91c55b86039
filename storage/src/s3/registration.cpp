// Makes `s3:` and `s3+http:` known to make_bucket(), and signed URLs followable for verify().

#include "../verify/fetch_over_http.hpp"

#include <infra/storage/s3.hpp>

namespace infra::storage {
namespace {

std::shared_ptr<bucket> from_url(std::string_view url, const environment& variables, clock& time) {
    auto options = s3_options_from_url(url, variables);
    options.time = &time;
    return make_s3_bucket(std::move(options));
}

[[maybe_unused]] const bool registered =
    register_bucket("s3", from_url) && register_bucket("s3+http", from_url) && register_fetcher(fetch_as_the_process);

} // namespace
} // namespace infra::storage

/// Named on the linker's command line by whoever links infra::storage_s3, so that the registration above comes along.
extern "C" void infra_storage_s3() {}
