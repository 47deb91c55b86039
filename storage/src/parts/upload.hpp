#pragma once

/// Uploads that outlive a call, behind upload.hpp.

#include "../core.hpp"
#include "token.hpp"

#include <infra/base/awaitable.hpp>
#include <infra/storage/signing.hpp>
#include <infra/storage/upload.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace infra::storage {

/// Threads: any.
struct upload::state {
    state(core_ptr with, upload_record begun);

    upload_record record() const;
    void arrived(const part& each);
    void check_open() const; ///< throws errc::no_upload
    void end();

    const core_ptr core;
    const std::string key; ///< as the caller knows it
    const upload_id id;
    const std::uint64_t part_size;

private:
    mutable std::mutex mutex_;
    upload_record record_; // guarded by mutex_
    bool over_ = false;    // guarded by mutex_
};

/// The parts in order, if they are all there are to be. Pure. Throws storage_error with infra::errc::invalid_input that says which is
/// missing, or of another length.
std::map<int, part> checked_parts(const upload_record& record);

/// What the store has counts; what it does not tell of a part is taken from the record, if it is the same part.
std::map<int, part> reconciled(const upload_record& record, std::vector<part> listed);

awaitable<upload> begin_upload(core_ptr core, std::string key, put_options options);
awaitable<upload> resume_upload(core_ptr core, std::string token);
awaitable<signed_upload> sign_upload(core_ptr core, std::string key, std::chrono::seconds expires,
                                     signed_upload_options how, put_options options);

} // namespace infra::storage
