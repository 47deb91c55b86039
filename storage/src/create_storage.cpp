#include <infra/storage.hpp>

#include <infra/base/error.hpp>

#include <mutex>
#include <optional>
#include <utility>

namespace infra::storage {
namespace {

struct holder {
    std::mutex mutex;
    std::optional<storage> one; // guarded by mutex
};

holder& the_holder() {
    static holder made;
    return made;
}

void require_s3(const environment& variables) {
    if (!knows_bucket("s3"))
        throw error(infra::errc::misconfigured,
                    "S3_BUCKET: no S3 is linked; link infra::storage_s3, set STORAGE_URL (file:var/storage) or unset "
                    "S3_BUCKET");
    for (const auto& [one, other] :
         {std::pair("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"), std::pair("S3_SECRET_ACCESS_KEY", "S3_ACCESS_KEY_ID")})
        if (variables.has(one) && !variables.has(other))
            throw error(infra::errc::misconfigured, std::string(other) + ": missing beside " + one);
}

// Whoever set these means S3, and would otherwise find his objects in a directory.
void refuse_half(const environment& variables) {
    for (const auto* each : {"S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"})
        if (variables.has(each))
            throw error(infra::errc::misconfigured, std::string("S3_BUCKET: missing beside ") + each +
                                                        "; set it, or STORAGE_URL, or unset " + each);
}

} // namespace

std::string url_from(const environment& variables) {
    if (auto url = variables.get("STORAGE_URL"))
        return *std::move(url);
    if (variables.has("S3_BUCKET")) {
        require_s3(variables);
        return "s3:";
    }
    refuse_half(variables);
    return "file:var/storage";
}

storage storage_from(const environment& variables, storage_options options) {
    options.environment = &variables;
    if (options.bucket || !options.url.empty())
        return storage(std::move(options));
    options.url = url_from(variables);
    try {
        return storage(std::move(options));
    } catch (const error& e) {
        const bool is_named = !variables.has("STORAGE_URL") || std::string_view(e.what()).starts_with("STORAGE_URL");
        throw error(e.code(), is_named ? e.what() : std::string("STORAGE_URL: ") + e.what());
    }
}

storage create_storage(storage_options options) {
    const auto variables = options.environment ? *options.environment : environment::of_process();
    return storage_from(variables, std::move(options));
}

storage default_storage() {
    auto& held = the_holder();
    const std::scoped_lock lock(held.mutex);
    if (!held.one)
        held.one.emplace(create_storage());
    return *held.one;
}

void set_default_storage(storage instead) {
    auto& held = the_holder();
    const std::scoped_lock lock(held.mutex);
    held.one = std::move(instead);
}

} // namespace infra::storage
