// The members of storage that go by parts.

#include "../call.hpp"
#include "download.hpp"
#include "sweep.hpp"
#include "upload.hpp"

#include <infra/storage/storage.hpp>

#include <utility>

namespace infra::storage {
namespace {

void check_how(const download_options& o) {
    const bool is_part_size = o.part_size == 0 || (o.part_size >= 1u << 20 && o.part_size <= 5ull << 30);
    if (!is_part_size || o.concurrency > 1000)
        throw storage_error(infra::errc::invalid_input, is_part_size ? "concurrency must be from 1 to 1000, or 0"
                                                                     : "part_size must be from 1 MiB to 5 GiB, or 0");
}

awaitable<object_info> download_object(core_ptr core, std::string key, std::filesystem::path to, download_options how) {
    check_how(how);
    auto full = core->full(key);
    co_return core->shown(co_await download(core, std::move(full), std::move(to), std::move(how)));
}

awaitable<sweep_result> sweep_under(core_ptr core, std::chrono::milliseconds age, std::string prefix) {
    if (age < std::chrono::milliseconds::zero())
        throw storage_error(infra::errc::invalid_input, "sweep: age must be at least zero");
    auto full = core->full_prefix(prefix);
    co_return co_await sweep(core, age, std::move(full));
}

} // namespace

awaitable<object_info> storage::download(std::string key, std::filesystem::path to, download_options options) const {
    return told(core_, "download", key, download_object(core_, key, std::move(to), std::move(options)));
}

awaitable<upload> storage::begin_upload(std::string key, put_options options) const {
    return told(core_, "begin_upload", key, infra::storage::begin_upload(core_, key, std::move(options)));
}

awaitable<upload> storage::resume_upload(std::string token) const {
    return told(core_, "resume_upload", "", infra::storage::resume_upload(core_, std::move(token)));
}

awaitable<signed_upload> storage::signed_upload_for(std::string key, std::chrono::seconds expires,
                                                    signed_upload_options how, put_options options) const {
    return told(core_, "sign_upload", key, sign_upload(core_, key, expires, how, std::move(options)));
}

awaitable<sweep_result> storage::sweep(std::chrono::milliseconds age, std::string prefix) const {
    return told(core_, "sweep", prefix, sweep_under(core_, age, prefix));
}

} // namespace infra::storage
